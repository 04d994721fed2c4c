package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Inventories list what cells have. The consumer's own interface, as those below,
// so that a test can be the cells.
type Inventories interface {
	Inventory(ctx context.Context, cell string, after tenancy.ID, limit int) (lines []controlplane.Residence, next tenancy.ID, err error)
}

// AllCells lists the cells.
type AllCells interface {
	All(ctx context.Context) ([]controlplane.Cell, error)
}

// PlanRecords say what tenants' plans are, and take orders to tell their cells.
type PlanRecords interface {
	ByID(ctx context.Context, ids []tenancy.ID) (map[tenancy.ID]controlplane.Tenant, error)
	OrderPlans(ctx context.Context, ids []tenancy.ID) error
}

const auditPage = 1000 // tenants

// PlanAuditor compares what cells know of their tenants' plans, and of who is held,
// with the directory, and orders that they be told what they have wrong. The
// courier tells each change as it happens; this finds what no change will bring:
// cells of a version that did not know what a message said, or with a database that was
// restored.
type PlanAuditor struct {
	Cells       AllCells
	Inventories Inventories
	Records     PlanRecords
}

// RunOnce looks at every cell once. One that does not answer is looked at the
// next time.
func (a PlanAuditor) RunOnce(ctx context.Context) error {
	cells, err := a.Cells.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range cells {
		if err := a.audit(ctx, c.ID); err != nil {
			errs = append(errs, fmt.Errorf("compare the plans of cell %s: %w", c.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (a PlanAuditor) audit(ctx context.Context, cell string) error {
	for after, more := (tenancy.ID{}), true; more; more = !after.IsZero() {
		lines, next, err := a.Inventories.Inventory(ctx, cell, after, auditPage)
		if err != nil {
			return err
		}
		after = next
		ids := make([]tenancy.ID, len(lines))
		for i, line := range lines {
			ids[i] = line.TenantID
		}
		known, err := a.Records.ByID(ctx, ids)
		if err != nil {
			return err
		}
		var wrong []tenancy.ID
		for _, line := range lines {
			if t, is := known[line.TenantID]; is && misinformed(cell, line, t) {
				wrong = append(wrong, line.TenantID)
			}
		}
		if len(wrong) == 0 {
			continue
		}
		if err := a.Records.OrderPlans(ctx, wrong); err != nil {
			return err
		}
	}
	return nil
}

// misinformed reports whether a cell that serves the tenant knows another plan than
// the directory has, or does not hold it as it should. Of what it leaves unsaid,
// and of a tenant on its way, into it or out of it, nothing is judged.
func misinformed(cell string, line controlplane.Residence, t controlplane.Tenant) bool {
	there := t.Cell == cell && t.Epoch == line.Epoch && line.State == controlplane.FenceLive
	if !there || t.State == directory.Provisioning || t.State == directory.Deleted {
		return false
	}
	return line.Plan != t.Plan || line.Held != nil && *line.Held != t.Held()
}
