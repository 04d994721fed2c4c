package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// abandon removes provisioning tenants from the directory, as if they had never
// been, and orders the removal of what their cells may hold of them.
func (db *DB) abandon(ctx context.Context, tx pgx.Tx, tenants []controlplane.Tenant, removeAt time.Time) error {
	ids := make([]tenancy.ID, len(tenants))
	for i, t := range tenants {
		ids[i] = t.TenantID
	}
	rows, err := tx.Query(ctx, `
WITH gone AS (DELETE FROM tenants WHERE tenant_id = ANY($1::uuid[]) AND state = 'provisioning' RETURNING tenant_id, slug, cell_id, epoch),
orders AS (
  INSERT INTO removals (tenant_id, cell_id, epoch, due_at) SELECT tenant_id, cell_id, epoch, $2 FROM gone
  ON CONFLICT (tenant_id, cell_id) DO UPDATE SET due_at = excluded.due_at),
freed AS (DELETE FROM claims k USING gone g WHERE k.kind = 'slug' AND k.value = g.slug AND k.tenant_id = g.tenant_id)
SELECT cell_id FROM gone`, uuids(ids), removeAt)
	if err != nil {
		return err
	}
	cells, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	freed := map[string]int{}
	for _, cell := range cells {
		freed[cell]++
	}
	return givePlaces(ctx, tx, freed)
}

// RemovalStore keeps the orders to remove rows from cells.
type RemovalStore struct{ *DB }

// Due returns orders whose time has come.
func (s RemovalStore) Due(ctx context.Context, now time.Time, limit int) ([]controlplane.Removal, error) {
	rows, err := s.pool.Query(ctx, `SELECT tenant_id, cell_id, epoch, tries FROM removals WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, now, limit)
	if err != nil {
		return nil, outage(err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r controlplane.Removal, err error) {
		err = row.Scan((*[16]byte)(&r.TenantID), &r.Cell, &r.Epoch, &r.Tries)
		return r, err
	})
	return due, outage(err)
}

// Done ends an order.
func (s RemovalStore) Done(ctx context.Context, r controlplane.Removal) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM removals WHERE tenant_id = $1 AND cell_id = $2`, [16]byte(r.TenantID), r.Cell)
	return outage(err)
}

// Retry puts an order off.
func (s RemovalStore) Retry(ctx context.Context, r controlplane.Removal, at time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE removals SET due_at = $3, tries = tries + 1 WHERE tenant_id = $1 AND cell_id = $2`, [16]byte(r.TenantID), r.Cell, at)
	return outage(err)
}
