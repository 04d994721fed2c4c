package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// orderPlan orders that the tenant's cell be told its plan and whether it is held,
// if next has another plan, state or access. It belongs before the change itself,
// in its transaction.
func orderPlan(ctx context.Context, tx pgx.Tx, next controlplane.Tenant) error {
	_, err := tx.Exec(ctx, `
INSERT INTO plan_orders (tenant_id, due_at) SELECT tenant_id, $2 FROM tenants WHERE tenant_id = $1 AND (plan <> $3 OR state <> $4 OR coalesce(edge->>'access', '') <> $5)
ON CONFLICT (tenant_id) DO UPDATE SET number = plan_orders.number + 1, due_at = excluded.due_at, tries = 0`,
		[16]byte(next.TenantID), next.UpdatedAt, next.Plan, string(next.State), string(directory.AccessOf(next.Edge)))
	return err
}

// PlanOrderStore keeps the orders to tell cells their tenants' plans.
type PlanOrderStore struct{ *DB }

// Due returns orders whose time has come.
func (s PlanOrderStore) Due(ctx context.Context, now time.Time, limit int) ([]controlplane.PlanOrder, error) {
	rows, err := s.pool.Query(ctx, `
SELECT o.number, o.tries, t.tenant_id, t.version, t.epoch, t.state, t.cell_id, t.plan, coalesce(t.edge->>'access', '')
FROM plan_orders o JOIN tenants t USING (tenant_id) WHERE o.due_at <= $1 ORDER BY o.due_at LIMIT $2`, now, limit)
	if err != nil {
		return nil, outage(err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o controlplane.PlanOrder, err error) {
		t := &o.Tenant
		t.Edge = &directory.EdgePolicy{} // in as much of it as cells are told
		err = row.Scan(&o.Number, &o.Tries, (*[16]byte)(&t.TenantID), &t.Version, &t.Epoch, &t.State, &t.Cell, &t.Plan, &t.Edge.Access)
		return o, err
	})
	return due, outage(err)
}

// Done ends an order, unless there is a later one.
func (s PlanOrderStore) Done(ctx context.Context, o controlplane.PlanOrder) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM plan_orders WHERE tenant_id = $1 AND number = $2`, [16]byte(o.Tenant.TenantID), o.Number)
	return outage(err)
}

// Retry puts an order off, unless there is a later one.
func (s PlanOrderStore) Retry(ctx context.Context, o controlplane.PlanOrder, at time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE plan_orders SET due_at = $3, tries = tries + 1 WHERE tenant_id = $1 AND number = $2`, [16]byte(o.Tenant.TenantID), o.Number, at)
	return outage(err)
}

// OrderPlans orders that tenants' cells be told anew. An order that is there stays.
func (s TenantStore) OrderPlans(ctx context.Context, ids []tenancy.ID) error {
	_, err := s.pool.Exec(ctx, `
INSERT INTO plan_orders (tenant_id, due_at) SELECT tenant_id, $2 FROM tenants WHERE tenant_id = ANY($1::uuid[]) ON CONFLICT DO NOTHING`, uuids(ids), s.now())
	return outage(err)
}
