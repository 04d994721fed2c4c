package cell

// Load is what the cell's database carries now.
type Load struct {
	Tenants    int64 // that the cell serves or is about to serve
	QueueDepth int64 // jobs that are not over
}
