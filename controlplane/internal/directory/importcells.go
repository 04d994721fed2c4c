package directory

import (
	"context"
	"errors"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	// removeAfter is when rows that a cell may hold of a tenant that was given up
	// are removed: by then no delayed request can make them anew, since a cell
	// refuses signatures older than MaxSkew.
	removeAfter = 2 * cellapi.MaxSkew

	// cutOffAfter is when an import that left tenants provisioning has surely
	// ended: far longer than a batch can take.
	cutOffAfter = 15 * time.Minute

	sweepBatch = 1000
)

// provision creates the pending items in their cells and commits them.
func (im *Importer) provision(ctx context.Context, batch []*item) error {
	byCell := map[string][]*item{}
	for _, it := range batch {
		if it.pending {
			byCell[it.tenant.Cell] = append(byCell[it.tenant.Cell], it)
		}
	}
	var live []*item
	for cell, items := range byCell {
		im.createIn(ctx, cell, items)
		for _, it := range items {
			if it.pending {
				live = append(live, it)
			}
		}
	}
	return errors.Join(im.commit(ctx, live), im.giveUp(ctx, byCell))
}

// createIn asks one cell; the items that it refuses, or all if it does not
// answer, are settled as failed.
func (im *Importer) createIn(ctx context.Context, cell string, items []*item) {
	residents := make([]controlplane.Resident, len(items))
	for i, it := range items {
		it.apiKey = controlplane.OwnerKey(im.Master, it.tenant.TenantID, "import")
		residents[i] = controlplane.Resident{
			TenantID: it.tenant.TenantID, Slug: it.tenant.Slug, Epoch: it.tenant.Epoch, Plan: it.tenant.Plan,
			Organization: it.in.Organization, Owner: it.in.Owner, OwnerKeyHash: controlplane.HashOwnerKey(it.apiKey),
		}
	}
	refusals, err := im.Batch.CreateBatch(ctx, cell, residents)
	for i, it := range items {
		why := err
		if err == nil {
			why = refusals[i]
		}
		if why != nil {
			it.apiKey = ""
			it.fail(fault.Wrap(why, fault.Unavailable, "the cell %s did not take the tenant", cell))
		}
	}
}

// commit makes the tenants active whose cells have them.
func (im *Importer) commit(ctx context.Context, live []*item) error {
	ids := make([]tenancy.ID, len(live))
	for i, it := range live {
		ids[i] = it.tenant.TenantID
	}
	committed, err := im.Store.Commit(ctx, ids)
	if err != nil {
		return err
	}
	done := make(map[tenancy.ID]bool, len(committed))
	for _, id := range committed {
		done[id] = true
	}
	for _, it := range live {
		it.pending = false
		if it.status = ImportCreated; !done[it.tenant.TenantID] {
			it.apiKey = ""
			it.fail(fault.New(fault.Conflict, "the tenant was given up in the meantime; repeat the import"))
		}
	}
	return nil
}

// giveUp frees what the failed items had taken.
func (im *Importer) giveUp(ctx context.Context, byCell map[string][]*item) error {
	var failed []controlplane.Tenant
	for cell, items := range byCell {
		before := len(failed)
		for _, it := range items {
			if it.status == ImportFailed && fault.CodeOf(it.err) == fault.Unavailable {
				failed = append(failed, it.tenant)
			}
		}
		if n := len(failed) - before; n > 0 {
			im.Log.WarnContext(ctx, "import: a cell did not take tenants", "cell", cell, "tenants", n, "first", items[0].err)
		}
	}
	return im.Store.Abandon(ctx, failed, im.Clock().Add(removeAfter))
}

// ImportSweeper gives up what imports that were cut off left provisioning.
type ImportSweeper struct {
	Store ImportStore
	Clock func() time.Time
}

// RunOnce gives one batch up.
func (s *ImportSweeper) RunOnce(ctx context.Context) error {
	now := s.Clock()
	left, err := s.Store.Abandoned(ctx, now.Add(-cutOffAfter), sweepBatch)
	if err != nil {
		return err
	}
	return s.Store.Abandon(ctx, left, now.Add(removeAfter))
}
