package cell

import (
	"slices"

	"github.com/coditect/platform/shared/fault"
)

// Precondition is what a change requires of the row: one of these versions.
// nil requires nothing (no If-Match, or "*").
type Precondition []int64

// Check returns nil if a row with the given version may be changed.
func (p Precondition) Check(version int64) error {
	if p == nil || slices.Contains(p, version) {
		return nil
	}
	return fault.New(fault.Stale, "it was changed meanwhile; read it again")
}
