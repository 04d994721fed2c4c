package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// ReapStore ends tenants. The consumer's own interface, so that a test can stop
// the reaper between its steps.
type ReapStore interface {
	BeginReaping(ctx context.Context, now time.Time, limit int) ([]controlplane.Tenant, error)
	Tombstone(ctx context.Context, t controlplane.Tenant) error
}

// Remover removes a tenant's rows from its cell; idempotent.
type Remover interface {
	Remove(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error
}

const reapBatch = 100

// Reaper ends deleted tenants whose grace period is over: marked as past
// return, then removed from the cell, then a tombstone. Only the mark decides
// that there is no way back, so a resume and a removal never cross.
type Reaper struct {
	Store ReapStore
	Cells Remover
	Clock func() time.Time
}

// RunOnce ends what is due. A cell that does not answer keeps only its own
// tenants from being reaped.
func (r *Reaper) RunOnce(ctx context.Context) error {
	due, err := r.Store.BeginReaping(ctx, r.Clock(), reapBatch)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range due {
		err := r.Cells.Remove(ctx, t.Cell, t.TenantID, t.Epoch)
		if err == nil {
			err = r.Store.Tombstone(ctx, t)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("reap tenant %s in %s: %w", t.TenantID, t.Cell, err))
		}
	}
	return errors.Join(errs...)
}
