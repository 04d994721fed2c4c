package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/tenancy"
)

// queueRepublish makes the jobs that another cell's broker and workers had due
// here: queued or running → pending, or cancelled if somebody asked for that. It
// belongs into the transaction that opens the cell to the tenant: before, no
// worker claims anything here; after, the rows are the relay's. The count of
// attempts stays, so that a message of here that is older than the tenant's
// absence starts nothing twice.
func queueRepublish(b *pgx.Batch, id tenancy.ID) {
	b.Queue(`UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'pending' END, updated_at = now()
		WHERE tenant_id = $1 AND state IN ('queued', 'running')`, id.String())
	b.Queue(notifyJobs)
}

// RepublishJobs is what activation does to a tenant's jobs, as a transaction of
// its own. Repeating it after workers have begun jobs here would begin those
// again: the caller does it once, before the cell serves the tenant.
func (m *Mover) RepublishJobs(ctx context.Context, id tenancy.ID) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		queueRepublish(b, id)
		return tx.SendBatch(ctx, b).Close()
	})
}
