package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// ImportStore creates tenants a batch at a time.
type ImportStore struct{ *DB }

// Find returns what the directory knows of the ids and slugs. A provisioning
// tenant that is not a sign-up under way is of an import.
func (s ImportStore) Find(ctx context.Context, ids []tenancy.ID, slugs []string) (controlplane.ImportState, error) {
	state := controlplane.ImportState{Signups: map[tenancy.ID]bool{}, Removing: map[tenancy.ID]bool{}}
	rows, err := s.pool.Query(ctx, `
SELECT t.tenant_id, t.epoch, t.state, t.cell_id, t.slug, t.plan, t.organization,
       t.state = 'provisioning' AND EXISTS (SELECT FROM signups s WHERE s.tenant_id = t.tenant_id)
FROM tenants t WHERE t.tenant_id = ANY (ARRAY(
  SELECT unnest($1::uuid[]) UNION SELECT tenant_id FROM claims WHERE kind = 'slug' AND value = ANY($2::text[])))`, uuids(ids), slugs)
	if err != nil {
		return state, outage(err)
	}
	state.Tenants, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (t controlplane.Tenant, err error) {
		var signup bool
		err = row.Scan((*[16]byte)(&t.TenantID), &t.Epoch, &t.State, &t.Cell, &t.Slug, &t.Plan, &t.Organization, &signup)
		if signup {
			state.Signups[t.TenantID] = true
		}
		return t, err
	})
	if err != nil || len(ids) == 0 {
		return state, outage(err)
	}
	rows, err = s.pool.Query(ctx, `SELECT tenant_id FROM removals WHERE tenant_id = ANY($1::uuid[])`, uuids(ids))
	if err != nil {
		return state, outage(err)
	}
	removing, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	for _, id := range removing {
		state.Removing[id] = true
	}
	return state, outage(err)
}

// Create inserts tenants, with the ids, slugs and cells that they name, all
// active or all provisioning, and returns those whose slug was free. Faults:
// stale (a cell has no room left, or an id came to be in the meantime).
func (s ImportStore) Create(ctx context.Context, tenants []controlplane.Tenant, state directory.State) ([]controlplane.Tenant, error) {
	var created []controlplane.Tenant
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		if created, err = claimSlugs(ctx, tx, tenants); err != nil || len(created) == 0 {
			return err
		}
		places := map[string]int{}
		for _, t := range created {
			places[t.Cell]++
		}
		if err := takePlaces(ctx, tx, places); err != nil {
			return err
		}
		detail := map[string]any{"tenants": len(created), "state": state, "first": created[0].TenantID, "last": created[len(created)-1].TenantID}
		if err := s.record(ctx, tx, "tenant.import", created[0].TenantID.String(), detail); err != nil {
			return err
		}
		return s.insertTenants(ctx, tx, created, state)
	})
	taken := pg.Constraint(err)
	if taken == "tenants_pkey" {
		err = fault.Wrap(err, fault.Stale, "a tenant id came to be in the meantime")
	}
	return created, err
}

// claimSlugs returns the tenants whose slugs it could claim. Sorted, so that
// two batches cannot wait for each other.
func claimSlugs(ctx context.Context, tx pgx.Tx, tenants []controlplane.Tenant) ([]controlplane.Tenant, error) {
	ids, slugs := make([]tenancy.ID, len(tenants)), make([]string, len(tenants))
	for i, t := range tenants {
		ids[i], slugs[i] = t.TenantID, string(t.Slug)
	}
	rows, err := tx.Query(ctx, `
INSERT INTO claims (kind, value, tenant_id) SELECT 'slug', slug, tenant_id FROM unnest($1::uuid[], $2::text[]) AS n (tenant_id, slug) ORDER BY slug
ON CONFLICT DO NOTHING RETURNING tenant_id`, uuids(ids), slugs)
	if err != nil {
		return nil, err
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if err != nil || len(got) == len(tenants) {
		return tenants, err
	}
	mine := make(map[tenancy.ID]bool, len(got))
	for _, id := range got {
		mine[id] = true
	}
	kept := make([]controlplane.Tenant, 0, len(got))
	for _, t := range tenants {
		if mine[t.TenantID] {
			kept = append(kept, t)
		}
	}
	return kept, nil
}

const insertTenantsSQL = `
WITH new AS (
  INSERT INTO tenants (tenant_id, version, epoch, state, cell_id, plan, slug, organization, residency, placement_reason, created_at, updated_at)
  SELECT b.tenant_id, CASE WHEN $7 = 'active' THEN $9 + b.ord ELSE 0 END, 1, $7, b.cell_id, b.plan, b.slug, b.organization, b.residency, b.reason, $8, $8
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $10::text[]) WITH ORDINALITY
    AS b (tenant_id, cell_id, plan, slug, organization, residency, reason, ord)
  RETURNING tenant_id, version, epoch, state, cell_id, plan, slug)
INSERT INTO directory_changes (version, at, tenant_id, slug, domains, epoch, plan, cell_id, region, state)
SELECT n.version, $8, n.tenant_id, n.slug, '{}', n.epoch, n.plan, n.cell_id, c.region, n.state
FROM new n JOIN cells c USING (cell_id) WHERE n.state = 'active'`

// insertTenants is the batch's last statement: active tenants get their versions
// as they are inserted, which saves writing each row twice.
func (s ImportStore) insertTenants(ctx context.Context, tx pgx.Tx, tenants []controlplane.Tenant, state directory.State) error {
	n := len(tenants)
	ids, cells, plans, slugs := make([]tenancy.ID, n), make([]string, n), make([]string, n), make([]string, n)
	organizations, residencies, reasons := make([]string, n), make([]string, n), make([]string, n)
	for i, t := range tenants {
		ids[i], cells[i], plans[i], slugs[i] = t.TenantID, t.Cell, t.Plan, string(t.Slug)
		organizations[i], residencies[i], reasons[i] = t.Organization, t.Residency, t.PlacementReason
	}
	var base int64
	if state == directory.Active {
		if _, err := tx.Exec(ctx, announce); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, takeVersions, n).Scan(&base); err != nil {
			return err
		}
		base -= int64(n)
	}
	_, err := tx.Exec(ctx, insertTenantsSQL, uuids(ids), cells, plans, slugs, organizations, residencies, string(state), s.now(), base, reasons)
	return err
}

// Commit makes provisioning tenants, whose cells have them, active, and returns
// those that were still provisioning.
func (s ImportStore) Commit(ctx context.Context, ids []tenancy.ID) ([]tenancy.ID, error) {
	var committed []tenancy.ID
	if len(ids) == 0 {
		return nil, nil
	}
	err := s.tx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
UPDATE tenants SET state = 'active', updated_at = $2
WHERE tenant_id IN (SELECT tenant_id FROM tenants WHERE tenant_id = ANY($1::uuid[]) AND state = 'provisioning' ORDER BY tenant_id FOR UPDATE)
RETURNING tenant_id`, uuids(ids), s.now())
		if err != nil {
			return err
		}
		raw, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		if err != nil || len(raw) == 0 {
			return err
		}
		committed = make([]tenancy.ID, len(raw))
		for i, id := range raw {
			committed[i] = id
		}
		if err := s.record(ctx, tx, "tenant.activate", committed[0].String(), map[string]any{"tenants": len(committed)}); err != nil {
			return err
		}
		_, err = s.stampTenants(ctx, tx, committed...)
		return err
	})
	return committed, err
}

// Abandon undoes provisioning tenants of an import.
func (s ImportStore) Abandon(ctx context.Context, tenants []controlplane.Tenant, removeAt time.Time) error {
	if len(tenants) == 0 {
		return nil
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := s.abandon(ctx, tx, tenants, removeAt); err != nil {
			return err
		}
		return s.record(ctx, tx, "tenant.abandon", tenants[0].TenantID.String(), map[string]any{"tenants": len(tenants)})
	})
}

// Abandoned returns tenants that an import left provisioning before a time.
func (s ImportStore) Abandoned(ctx context.Context, before time.Time, limit int) ([]controlplane.Tenant, error) {
	rows, err := s.pool.Query(ctx, selectTenants+`
WHERE t.state = 'provisioning' AND t.updated_at < $1 AND NOT EXISTS (SELECT FROM signups s WHERE s.tenant_id = t.tenant_id)
ORDER BY t.tenant_id LIMIT $2`, before, limit)
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, scanTenant)
	return found, outage(err)
}
