package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// PlanOrders are orders to tell cells their tenants' plans. The consumer's own
// interface, so that a test can stop the courier between its steps.
type PlanOrders interface {
	Due(ctx context.Context, now time.Time, limit int) ([]controlplane.PlanOrder, error)
	Done(ctx context.Context, o controlplane.PlanOrder) error
	Retry(ctx context.Context, o controlplane.PlanOrder, at time.Time) error
}

// PlanTaker tells a cell a tenant's plan, and whether the tenant is held;
// idempotent.
type PlanTaker interface {
	SetPlan(ctx context.Context, t controlplane.Tenant) error
}

const (
	planBatch        = 100
	firstPlanPause   = 2 * time.Second
	longestPlanPause = 10 * time.Minute
)

// PlanCourier tells cells the plans of their tenants, and who is held, after a change. An order
// names the tenant only: what is told, and to which cell, is what the directory
// says when it is told, so a tenant that has moved meanwhile, or has yet another
// plan, needs no care. Any number may run: the cell keeps what is newest.
type PlanCourier struct {
	Orders PlanOrders
	Cells  PlanTaker
	Clock  func() time.Time
}

// RunOnce carries out what is due. A cell that does not answer keeps only its
// own tenants' orders from being carried out.
func (c *PlanCourier) RunOnce(ctx context.Context) error {
	due, err := c.Orders.Due(ctx, c.Clock(), planBatch)
	if err != nil {
		return err
	}
	var errs []error
	for _, o := range due {
		if err := c.tell(ctx, o); err != nil {
			pause := min(firstPlanPause<<min(o.Tries, 16), longestPlanPause)
			errs = append(errs, fmt.Errorf("tell %s the plan of tenant %s: %w", o.Tenant.Cell, o.Tenant.TenantID, err),
				c.Orders.Retry(ctx, o, c.Clock().Add(pause)))
			continue
		}
		errs = append(errs, c.Orders.Done(ctx, o))
	}
	return errors.Join(errs...)
}

func (c *PlanCourier) tell(ctx context.Context, o controlplane.PlanOrder) error {
	if o.Tenant.State == directory.Deleted {
		return nil // no cell holds it any more
	}
	return c.Cells.SetPlan(ctx, o.Tenant)
}
