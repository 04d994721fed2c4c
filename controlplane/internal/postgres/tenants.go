package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// TenantStore keeps the tenants.
type TenantStore struct{ *DB }

const selectTenants = `
SELECT t.tenant_id, t.version, t.epoch, t.state, t.cell_id, c.region, t.plan, t.slug, t.domains, t.reaping, t.created_at, t.updated_at,
       t.delete_after, t.resume_to, t.organization, t.residency, t.placement_reason, t.suspended_reason, t.edge
FROM tenants t JOIN cells c USING (cell_id) `

func scanTenant(row pgx.CollectableRow) (controlplane.Tenant, error) {
	var t controlplane.Tenant
	var deleteAfter *time.Time
	var domains []string
	err := row.Scan((*[16]byte)(&t.TenantID), &t.Version, &t.Epoch, &t.State, &t.Cell, &t.Region, &t.Plan, &t.Slug, &domains, &t.Reaping, &t.CreatedAt, &t.UpdatedAt,
		&deleteAfter, &t.ResumeTo, &t.Organization, &t.Residency, &t.PlacementReason, &t.SuspendedReason, &t.Edge)
	t.Domains = domainsOf(domains)
	t.DeleteAfter, t.CreatedAt, t.UpdatedAt = orZero(deleteAfter), t.CreatedAt.UTC(), t.UpdatedAt.UTC()
	return t, err
}

func domainsOf(names []string) []tenancy.Domain {
	if len(names) == 0 {
		return nil
	}
	domains := make([]tenancy.Domain, len(names))
	for i, name := range names {
		domains[i] = tenancy.Domain(name)
	}
	return domains
}

func oneTenant(ctx context.Context, q querier, id tenancy.ID, suffix string) (controlplane.Tenant, error) {
	rows, err := q.Query(ctx, selectTenants+`WHERE t.tenant_id = $1 `+suffix, [16]byte(id))
	if err != nil {
		return controlplane.Tenant{}, outage(err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanTenant)
	return t, none(err, "tenant")
}

// Get returns a tenant in any state, tombstones included.
func (s TenantStore) Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error) {
	return oneTenant(ctx, s.pool, id, "")
}

// List returns a page of tenants by id, which is by age. Tombstones are listed
// only when their state is asked for.
func (s TenantStore) List(ctx context.Context, f controlplane.TenantFilter, page controlplane.Page) ([]controlplane.Tenant, error) {
	after := tenancy.ID{}
	if page.After != "" {
		var err error
		if after, err = tenancy.ParseID(page.After); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the cursor is not one of ours").At("cursor", "use next_cursor of the page before")
		}
	}
	where, args := tenantConditions(f)
	rows, err := s.pool.Query(ctx, selectTenants+where+` ORDER BY t.tenant_id LIMIT $2`, append([]any{[16]byte(after), page.Limit}, args...)...)
	if err != nil {
		return nil, outage(err)
	}
	tenants, err := pgx.CollectRows(rows, scanTenant)
	return tenants, outage(err)
}

// Update makes a tenant be as next says, if next.Version is still the
// tenant's version: else a fault (stale) and no change. It returns the tenant
// with its new version.
func (s TenantStore) Update(ctx context.Context, next controlplane.Tenant, action string) (controlplane.Tenant, error) {
	err := s.tx(ctx, func(tx pgx.Tx) (err error) {
		if next.State == directory.Deleting {
			if err := s.orderFarewell(ctx, tx, next.TenantID); err != nil {
				return err
			}
		}
		next, err = s.changeTenant(ctx, tx, next, action)
		return err
	})
	return next, err
}

// changeTenant is Update within a transaction. Nothing may follow it but the commit.
func (db *DB) changeTenant(ctx context.Context, tx pgx.Tx, next controlplane.Tenant, action string) (controlplane.Tenant, error) {
	edge, err := edgeJSON(next.Edge)
	if err != nil {
		return next, err
	}
	next.UpdatedAt = db.now()
	if err := orderPlan(ctx, tx, next); err != nil {
		return next, err
	}
	tag, err := tx.Exec(ctx, `
UPDATE tenants SET state = $3, suspended_reason = $4, delete_after = $5, resume_to = $6, updated_at = $7, plan = $8, edge = $9
WHERE tenant_id = $1 AND version = $2 AND NOT reaping AND ($3 <> 'deleting' OR migration_id IS NULL)`,
		[16]byte(next.TenantID), next.Version, string(next.State), next.SuspendedReason, nullTime(next.DeleteAfter), string(next.ResumeTo), next.UpdatedAt,
		next.Plan, edge)
	if err != nil {
		return next, err
	}
	if tag.RowsAffected() == 0 {
		return next, notUpdated(ctx, tx, next)
	}
	if err := db.record(ctx, tx, action, next.TenantID.String(), tenantDetail(next)); err != nil {
		return next, err
	}
	next.Version, err = db.stampTenants(ctx, tx, next.TenantID)
	return next, err
}

// notUpdated says why: the tenant has changed, or it is claimed by a migration.
func notUpdated(ctx context.Context, tx pgx.Tx, next controlplane.Tenant) error {
	var claimed bool
	err := tx.QueryRow(ctx, `SELECT migration_id IS NOT NULL AND version = $2 FROM tenants WHERE tenant_id = $1`, [16]byte(next.TenantID), next.Version).Scan(&claimed)
	switch {
	case err != nil:
		return none(err, "tenant")
	case claimed && next.State == directory.Deleting:
		return fault.New(fault.Conflict, "the tenant is being moved to another cell; finish or abort its migration first")
	}
	return fault.New(fault.Stale, "the tenant has changed in the meantime")
}

func tenantDetail(t controlplane.Tenant) map[string]any {
	detail := map[string]any{"slug": t.Slug, "state": t.State, "plan": t.Plan}
	if t.Edge != nil {
		detail["edge"] = edgeDetail(t.Edge)
	}
	if t.SuspendedReason != "" {
		detail["reason"] = t.SuspendedReason
	}
	if t.State == directory.Deleting {
		detail["delete_after"] = t.DeleteAfter
	}
	return detail
}
