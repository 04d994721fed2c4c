package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// KeepLate stores a batch of a tenant that has left, for the control plane to
// bring it to where the tenant lives. Repeating it changes nothing.
func (m *Mover) KeepLate(ctx context.Context, batch cell.UsageBatch) error {
	b := &pgx.Batch{}
	for _, item := range batch.Items {
		b.Queue(`INSERT INTO late_usage (tenant_id, batch, metric, day, quantity) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			batch.Tenant.String(), batch.ID.String(), string(item.Metric), item.Day, item.Quantity)
	}
	return m.inTx(ctx, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
}

// LateUsage returns some of the batches that wait, whole ones only.
func (m *Mover) LateUsage(ctx context.Context, limit int) ([]cell.UsageBatch, error) {
	rows, err := m.pool.Query(ctx, `
		SELECT u.tenant_id, u.batch, u.metric, u.day, u.quantity FROM late_usage u
		JOIN (SELECT DISTINCT tenant_id, batch FROM late_usage ORDER BY tenant_id, batch LIMIT $1) AS picked ON picked.tenant_id = u.tenant_id AND picked.batch = u.batch
		ORDER BY u.tenant_id, u.batch`, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	var batches []cell.UsageBatch
	var tenant, batch uuid.UUID
	var item cell.Usage
	_, err = pgx.ForEachRow(rows, []any{&tenant, &batch, &item.Metric, &item.Day, &item.Quantity}, func() error {
		if n := len(batches); n == 0 || batches[n-1].ID != batch {
			batches = append(batches, cell.UsageBatch{ID: batch, Tenant: tenancy.ID(tenant)})
		}
		last := &batches[len(batches)-1]
		last.Items = append(last.Items, item)
		return nil
	})
	return batches, translate(err, nil)
}

// ForgetLate removes a batch that has been recorded elsewhere.
func (m *Mover) ForgetLate(ctx context.Context, id tenancy.ID, batch uuid.UUID) error {
	_, err := m.pool.Exec(ctx, `DELETE FROM late_usage WHERE tenant_id = $1 AND batch = $2`, id.String(), batch.String())
	return translate(err, nil)
}
