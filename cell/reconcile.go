package cell

import (
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// FenceAction is what becomes of a fence when a restored cell is reconciled with
// the directory.
type FenceAction string

// The actions.
const (
	FenceDepart FenceAction = "depart" // the tenant lives in another cell: departed
	FenceOpen   FenceAction = "open"   // it lives here, and nobody is moving it: live, gate open
	FenceClose  FenceAction = "close"  // it lives here, but not with these rows: importing, gate closed
	FenceRemove FenceAction = "remove" // it is deleted: every row goes
)

// FenceOrder is a change of one fence. State and Epoch are what it was found to
// be; if it is something else by now, nothing changes.
type FenceOrder struct {
	TenantID tenancy.ID
	State    FenceState
	Epoch    uint64
	Action   FenceAction
	Cell     string // depart: where the tenant lives
	ToEpoch  uint64 // depart, close: under which generation
}

// Check says what the order lacks, or nil.
func (o FenceOrder) Check() error {
	invalid := fault.New(fault.Invalid, "the order about the tenant %s is not one that can be carried out", o.TenantID)
	switch {
	case o.Action == FenceDepart && (o.Cell == "" || o.ToEpoch == 0):
		return invalid.At("cell", "name the cell that the tenant went to, and its epoch there")
	case o.Action == FenceClose && o.ToEpoch < o.Epoch:
		return invalid.At("to_epoch", "name the epoch of the directory, which is not below the fence's")
	}
	return nil
}
