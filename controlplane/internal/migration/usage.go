package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// Meters are the cells as they count what tenants use.
type Meters interface {
	LateUsage(ctx context.Context, cell string, limit int) ([]controlplane.LateUsage, error)
	RecordLateUsage(ctx context.Context, cell string, u controlplane.LateUsage) error
	ForgetLateUsage(ctx context.Context, cell string, u controlplane.LateUsage) error
}

// usageBatch bounds what one turn takes from a cell.
const usageBatch = 200

// UsageCourier brings what cells had counted of tenants, and not recorded when
// those left, to where they live now. Any number may run: a batch is recorded
// once, and forgotten where it was counted only then.
type UsageCourier struct {
	Meters  Meters
	Tenants Tenants
	Cells   Cells
}

// RunOnce carries what waits. A cell that does not answer keeps only its own
// batches waiting, and those that are for it.
func (c UsageCourier) RunOnce(ctx context.Context) error {
	cells, err := c.Cells.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, cell := range cells {
		late, err := c.Meters.LateUsage(ctx, cell.ID, usageBatch)
		if err != nil {
			errs = append(errs, fmt.Errorf("late usage of %s: %w", cell.ID, err))
			continue
		}
		for _, u := range late {
			if err := c.carry(ctx, cell.ID, u); err != nil {
				errs = append(errs, fmt.Errorf("late usage of tenant %s from %s: %w", u.Tenant, cell.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (c UsageCourier) carry(ctx context.Context, from string, u controlplane.LateUsage) error {
	t, err := c.Tenants.Get(ctx, u.Tenant)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return err
	}
	if err == nil && t.State != directory.Deleted { // else nobody is left to bill
		if err := c.Meters.RecordLateUsage(ctx, t.Cell, u); err != nil {
			return err
		}
	}
	return c.Meters.ForgetLateUsage(ctx, from, u)
}
