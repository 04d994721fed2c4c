package cell

import (
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// Refused is the fence's refusal of a request. Nothing was executed, so the
// request may be sent again, here or to another cell.
type Refused struct {
	TenantState string // a value of cellapi.HeaderTenantState
	Cell        string // where the tenant went; "" if unknown
	Epoch       uint64 // the generation there; 0 if unknown
	Fault       *fault.Error
}

// Error implements error.
func (r *Refused) Error() string { return r.TenantState + ": " + r.Fault.Error() }

// Unwrap returns the fault that clients see.
func (r *Refused) Unwrap() error { return r.Fault }

// retryRefused is when a refusal that passes by itself is worth another try.
const retryRefused = time.Second

// CheckRead returns nil if a read that knows the given epoch may be answered.
func (f Fence) CheckRead(epoch uint64) error { return f.check(epoch, f.State.Readable()) }

// CheckWrite returns nil if a write that knows the given epoch may be done.
func (f Fence) CheckWrite(epoch uint64) error { return f.check(epoch, f.State.Writable()) }

func (f Fence) check(epoch uint64, allowed bool) error {
	switch {
	case f.State == Absent || f.State == "":
		return moved(cellapi.StateAbsent, "", 0)
	case f.State == Departed && epoch <= max(f.Epoch, f.MovedEpoch):
		return moved(cellapi.StateDeparted, f.MovedTo, f.MovedEpoch)
	case epoch > f.Epoch:
		// The cell is behind: it was restored from a backup, or the tenant came back and this cell was not told.
		return unavailable(cellapi.StateUnknownEpoch, "this cell has not learnt of the tenant's latest move yet")
	case f.State == Importing:
		return unavailable(cellapi.StateImporting, "the tenant is on its way to this cell")
	case !allowed:
		return RefusedFrozen()
	}
	return nil
}

// RefusedFrozen is the refusal of writes while a migration holds them.
func RefusedFrozen() *Refused {
	return unavailable(cellapi.StateFrozen, "writes wait for the end of a migration")
}

func moved(state, to string, epoch uint64) *Refused {
	return &Refused{TenantState: state, Cell: to, Epoch: epoch, Fault: fault.New(fault.TenantMoved, "this cell does not hold the tenant")}
}

func unavailable(state, message string) *Refused {
	return &Refused{TenantState: state, Fault: fault.New(fault.Unavailable, "%s", message).After(retryRefused)}
}
