package shed

// Priority says which requests give way first.
type Priority uint8

// Priorities. A lower one is refused while a higher one is still admitted.
const (
	Normal   Priority = iota
	Critical          // health checks and small control requests: never queued, rarely refused
	Bulk              // large bodies and streams: leaves a fifth of the limit to the others
)

// soft is how many requests may be under way for this one to be admitted,
// whatever its tenant has.
func (p Priority) soft(limit int64) int64 {
	switch p {
	case Critical:
		return limit + limit/2
	case Bulk:
		return limit - limit/5
	default:
		return limit
	}
}

// hard is how many may be under way for a request within its tenant's share.
func (p Priority) hard(limit int64) int64 {
	switch p {
	case Critical:
		return limit + limit/2 + 8
	case Bulk:
		return limit
	default:
		return limit + max(1, limit/hardAbove)
	}
}
