package cell

import "github.com/google/uuid"

// Bounds of a page of a list.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// PageRequest asks for the rows that follow the one named After (zero: from
// the start) in the list's order.
type PageRequest struct {
	Limit int
	After uuid.UUID
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Next  uuid.UUID // After of the next page; zero: this was the last
}

// PageOf makes a page of up to limit+1 rows that were read for it: the one too
// many says that there is a next page.
func PageOf[T any](rows []T, limit int, id func(T) uuid.UUID) Page[T] {
	if len(rows) <= limit {
		return Page[T]{Items: rows}
	}
	rows = rows[:limit]
	return Page[T]{Items: rows, Next: id(rows[limit-1])}
}
