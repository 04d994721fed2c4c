package recovery

import (
	"fmt"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// Verdict is what follows for one tenant of a restored cell; all nil: its fence
// is right.
type Verdict struct {
	Order    *controlplane.FenceOrder
	Lost     *controlplane.Finding
	Disputed *controlplane.Finding
}

// Judge compares the fence that a cell has of a tenant with what the directory
// says, which is nil if it does not know the tenant. The cell's moves have ended.
func Judge(cell string, r controlplane.Residence, t *controlplane.Tenant) Verdict {
	switch {
	case t == nil:
		return dispute(r, "the directory has never heard of the tenant, which the cell has %s under epoch %d", r.State, r.Epoch)
	case t.State == directory.Deleted && r.Epoch <= t.Epoch:
		return order(r, controlplane.FenceRemove, "", 0)
	case t.Cell == cell:
		return judgeHere(r, t)
	}
	return judgeElsewhere(r, t)
}

// judgeHere is about a tenant that the directory has in the cell.
func judgeHere(r controlplane.Residence, t *controlplane.Tenant) Verdict {
	switch {
	case r.Epoch > t.Epoch, r.State == controlplane.FenceDeparted && r.MovedEpoch > t.Epoch:
		return ahead(r, t)
	case r.State == controlplane.FenceDeparted:
		return lost(r, controlplane.LostOutdated) // it refuses what is asked of it
	case r.Epoch < t.Epoch:
		v := order(r, controlplane.FenceClose, "", t.Epoch)
		v.Lost = lost(r, controlplane.LostOutdated).Lost
		return v
	case r.State == controlplane.FenceLive, t.State == directory.Provisioning:
		return Verdict{}
	case r.State == controlplane.FenceImporting:
		return lost(r, controlplane.LostIncomplete)
	}
	return order(r, controlplane.FenceOpen, "", 0) // frozen or sealed for a move that is over
}

// judgeElsewhere is about a tenant that the directory has in another cell.
func judgeElsewhere(r controlplane.Residence, t *controlplane.Tenant) Verdict {
	switch {
	case r.State == controlplane.FenceImporting && r.Epoch == t.Epoch+1:
		return Verdict{} // a move into the cell that is not committed: it serves nobody, and goes with the move
	case r.Epoch > t.Epoch, r.State == controlplane.FenceDeparted && r.MovedEpoch > t.Epoch:
		return ahead(r, t)
	case r.State == controlplane.FenceDeparted:
		return Verdict{}
	}
	v := order(r, controlplane.FenceDepart, t.Cell, t.Epoch)
	if r.Epoch == t.Epoch {
		v.Disputed = dispute(r, "the cell has the tenant %s under epoch %d, under which the directory has it in %s", r.State, r.Epoch, t.Cell).Disputed
	}
	return v
}

func order(r controlplane.Residence, action controlplane.FenceAction, cell string, epoch uint64) Verdict {
	return Verdict{Order: &controlplane.FenceOrder{TenantID: r.TenantID, State: r.State, Epoch: r.Epoch, Action: action, Cell: cell, ToEpoch: epoch}}
}

func lost(r controlplane.Residence, kind controlplane.LossKind) Verdict {
	return Verdict{Lost: &controlplane.Finding{TenantID: r.TenantID, Slug: r.Slug, What: string(kind)}}
}

func ahead(r controlplane.Residence, t *controlplane.Tenant) Verdict {
	return dispute(r, "the cell has the tenant %s under epoch %d, the directory in %s under %d: was the directory restored, too?", r.State, max(r.Epoch, r.MovedEpoch), t.Cell, t.Epoch)
}

func dispute(r controlplane.Residence, format string, args ...any) Verdict {
	return Verdict{Disputed: &controlplane.Finding{TenantID: r.TenantID, Slug: r.Slug, What: fmt.Sprintf(format, args...)}}
}
