package controlplane

// Page asks for at most Limit items after the item whose key is After; "" is
// the beginning.
type Page struct {
	Limit int
	After string
}
