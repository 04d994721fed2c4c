package recovery

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Service is the use-cases of recovery.
type Service struct {
	Cells     Cells
	Directory Directory
	Rewriter  Rewriter
	Doors     Doors
	Moves     Moves
}

const (
	pageSize     = 1000 // of an inventory, and of the directory
	ordersAtOnce = 500
)

// Plan says what it would take to make a cell's fences agree with the directory,
// and what the cell has lost. Nothing is changed. What its moves have under way
// is not part of it: they end first.
func (s Service) Plan(ctx context.Context, cell string) (controlplane.Reconciliation, error) {
	plan := controlplane.Reconciliation{Cell: cell}
	if _, err := s.Cells.Get(ctx, cell); err != nil {
		return plan, err
	}
	var err error
	if plan.Standing, err = s.Doors.DatabaseStanding(ctx, cell); err != nil {
		return plan, err
	}
	seen := map[tenancy.ID]bool{}
	for after, more := (tenancy.ID{}), true; more; more = !after.IsZero() {
		var lines []controlplane.Residence
		if lines, after, err = s.Doors.Inventory(ctx, cell, after, pageSize); err != nil {
			return plan, err
		}
		if err := s.judgeAll(ctx, &plan, lines, seen); err != nil {
			return plan, err
		}
	}
	return plan, s.addMissing(ctx, &plan, seen)
}

func (s Service) judgeAll(ctx context.Context, plan *controlplane.Reconciliation, lines []controlplane.Residence, seen map[tenancy.ID]bool) error {
	ids := make([]tenancy.ID, len(lines))
	for i, line := range lines {
		ids[i] = line.TenantID
		seen[line.TenantID] = true
	}
	known, err := s.Directory.ByID(ctx, ids)
	if err != nil {
		return err
	}
	plan.Residents += len(lines)
	for _, line := range lines {
		var t *controlplane.Tenant
		if found, is := known[line.TenantID]; is {
			t = &found
		}
		v := Judge(plan.Cell, line, t)
		if v.Order != nil {
			plan.Orders = append(plan.Orders, *v.Order)
		}
		if v.Lost != nil {
			plan.Lost = append(plan.Lost, *v.Lost)
		}
		if v.Disputed != nil {
			plan.Disputed = append(plan.Disputed, *v.Disputed)
		}
	}
	return nil
}

// addMissing finds tenants that the directory has in the cell and that have left
// no trace there.
func (s Service) addMissing(ctx context.Context, plan *controlplane.Reconciliation, seen map[tenancy.ID]bool) error {
	return s.eachTenant(ctx, controlplane.TenantFilter{Cell: plan.Cell}, func(t controlplane.Tenant) {
		if !seen[t.TenantID] && t.State != directory.Provisioning && !t.Reaping {
			plan.Lost = append(plan.Lost, controlplane.Finding{TenantID: t.TenantID, Slug: t.Slug, What: string(controlplane.LostMissing)})
		}
	})
}

func (s Service) eachTenant(ctx context.Context, f controlplane.TenantFilter, do func(controlplane.Tenant)) error {
	for after := ""; ; {
		page, err := s.Directory.List(ctx, f, controlplane.Page{After: after, Limit: pageSize})
		if err != nil {
			return err
		}
		for _, t := range page {
			do(t)
			after = t.TenantID.String()
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

// Reconcile carries the plan out: the cell's moves end, its fences are made right,
// and then the cell is told to serve. What is lost stays so. Repeating it finds
// nothing to do.
func (s Service) Reconcile(ctx context.Context, cell string) (controlplane.Reconciliation, error) {
	if _, err := s.Doors.DatabaseStanding(ctx, cell); err != nil { // before anything is undone
		return controlplane.Reconciliation{}, err
	}
	ended, err := s.Moves.Restored(ctx, cell)
	if err != nil {
		return controlplane.Reconciliation{}, err
	}
	plan, err := s.Plan(ctx, cell)
	if err != nil {
		return plan, err
	}
	plan.Ended = ended
	for orders := plan.Orders; len(orders) > 0; {
		n := min(len(orders), ordersAtOnce)
		if err := s.carryOut(ctx, cell, orders[:n]); err != nil {
			return plan, err
		}
		orders = orders[n:]
	}
	if err := s.Cells.Reconciled(ctx, &plan); err != nil {
		return plan, err
	}
	return plan, s.Doors.Trust(ctx, cell, plan.Standing.Found)
}

func (s Service) carryOut(ctx context.Context, cell string, orders []controlplane.FenceOrder) error {
	outcomes, err := s.Doors.ReconcileFences(ctx, cell, orders)
	if err != nil {
		return err
	}
	for i, err := range outcomes {
		if err != nil {
			return fault.Wrap(err, fault.Conflict, "the fence of tenant %s was not made right: %v; repeat this", orders[i].TenantID, err)
		}
	}
	return nil
}
