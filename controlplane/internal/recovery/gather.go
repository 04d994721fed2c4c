package recovery

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Evidence is what all cells say of one tenant, by cell.
type Evidence map[string]controlplane.Residence

// Gather says where a tenant lives, by the word of the cells, or why that cannot
// be said. The highest epoch wins. A cell that a tenant has departed from says
// where to and under which epoch, and departs only behind the commit: that cell
// is the tenant's even while it still calls it importing.
func Gather(id tenancy.ID, said Evidence) (controlplane.Claim, string) {
	claim := controlplane.Claim{Assignment: directory.Assignment{TenantID: id, State: directory.Active}}
	holders, epoch := highest(said, func(cell string, r controlplane.Residence) (string, uint64) {
		if r.Holds() {
			return cell, r.Epoch
		}
		return "", 0
	})
	heirs, later := highest(said, func(_ string, r controlplane.Residence) (string, uint64) {
		if r.State == controlplane.FenceDeparted {
			return r.MovedTo, r.MovedEpoch
		}
		return "", 0
	})
	if later > epoch {
		holders, epoch = heirs, later
	}
	switch {
	case len(holders) == 0:
		return claim, "no cell holds it: " + describe(said)
	case len(holders) > 1:
		return claim, "more than one cell claims it: " + describe(said)
	}
	home := said[holders[0]]
	switch {
	case home.State == "" || home.State == controlplane.FenceDeparted:
		return claim, fmt.Sprintf("it went to %s under epoch %d, which does not have it: %s", holders[0], epoch, describe(said))
	case home.Epoch != epoch:
		return claim, fmt.Sprintf("%s should have it under epoch %d: %s", holders[0], epoch, describe(said))
	case home.State == controlplane.FenceSealed && importedElsewhere(said, epoch+1):
		return claim, "only the lost directory knew whether its move was committed: " + describe(said)
	}
	claim.Cell, claim.Epoch, claim.Slug, claim.Plan, claim.Organization = holders[0], epoch, home.Slug, home.Plan, home.Organization
	return claim, ""
}

// highest returns the cells that are named under the highest epoch.
func highest(said Evidence, of func(cell string, r controlplane.Residence) (string, uint64)) (cells []string, epoch uint64) {
	for cell, r := range said {
		named, under := of(cell, r)
		switch {
		case named == "" || under < epoch || under == epoch && slices.Contains(cells, named):
		case under > epoch:
			cells, epoch = []string{named}, under
		default:
			cells = append(cells, named)
		}
	}
	return cells, epoch
}

func importedElsewhere(said Evidence, epoch uint64) bool {
	for _, r := range said {
		if r.State == controlplane.FenceImporting && r.Epoch == epoch {
			return true
		}
	}
	return false
}

func describe(said Evidence) string {
	var parts []string
	for cell, r := range said {
		text := fmt.Sprintf("%s says %s under epoch %d", cell, r.State, r.Epoch)
		if r.State == controlplane.FenceDeparted {
			text = fmt.Sprintf("%s says departed to %s under epoch %d", cell, r.MovedTo, r.MovedEpoch)
		}
		parts = append(parts, text)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Correction is what becomes of a tenant in a directory that is rebuilt.
type Correction int

// The corrections.
const (
	Same    Correction = iota // the directory says what the cells say
	Create                    // the directory does not know the tenant
	Correct                   // it has it elsewhere, under an earlier epoch
	Dispute                   // the rules do not decide
)

// Compare holds a claim against what the directory says, which is nil if it does
// not know the tenant. It says why the rules do not decide.
func Compare(c controlplane.Claim, t *controlplane.Tenant) (Correction, string) {
	switch {
	case t == nil:
		return Create, ""
	case t.State == directory.Deleted:
		return Dispute, fmt.Sprintf("it is deleted, and %s has it under epoch %d", c.Cell, c.Epoch)
	case t.Epoch == c.Epoch && t.Cell == c.Cell:
		return Same, ""
	case t.Epoch < c.Epoch:
		return Correct, ""
	}
	return Dispute, fmt.Sprintf("the directory has it in %s under epoch %d, the cells in %s under %d: was a cell restored, too?", t.Cell, t.Epoch, c.Cell, c.Epoch)
}
