package residency

import (
	"context"

	"github.com/coditect/platform/cell"
)

// Reconciler changes fences of a cell whose database was restored. Apart from
// Fences, whose changes are those of a tenant's ordinary life.
type Reconciler interface {
	Reconcile(ctx context.Context, o cell.FenceOrder) error
	Trust(ctx context.Context, found cell.Incarnation) error
}

// Reconcile carries out what the directory says about fences. The answer has an
// error, or nil, for each: a fence that is not as it was found stays as it is,
// and does not keep the others from being made right. What Redis remembers of
// the tenants goes: it is from after the backup.
func (r Residency) Reconcile(ctx context.Context, orders []cell.FenceOrder) []error {
	outcomes := make([]error, len(orders))
	for i, o := range orders {
		if outcomes[i] = r.Reconciler.Reconcile(ctx, o); outcomes[i] == nil {
			outcomes[i] = r.Forget(ctx, o.TenantID)
		}
	}
	return outcomes
}

// trustPage is how many tenants are forgotten together.
const trustPage = 1000

// Trust has the cell serve from the database as it is now. What is remembered of
// every tenant goes first.
func (r Residency) Trust(ctx context.Context, found cell.Incarnation) error {
	for after, more := (cell.Residence{}), r.Memory != nil; more; {
		lines, next, err := r.List(ctx, after.TenantID, trustPage)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := r.Forget(ctx, line.TenantID); err != nil {
				return err
			}
		}
		after.TenantID, more = next, !next.IsZero()
	}
	return r.Reconciler.Trust(ctx, found)
}
