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

// BeginReaping marks tenants whose grace period is over as past return and
// returns them, together with those that an earlier run left marked.
func (s TenantStore) BeginReaping(ctx context.Context, now time.Time, limit int) ([]controlplane.Tenant, error) {
	if _, err := s.pool.Exec(ctx, `
UPDATE tenants SET reaping = true WHERE state = 'deleting' AND NOT reaping AND delete_after <= $1
AND tenant_id IN (SELECT tenant_id FROM tenants WHERE state = 'deleting' AND NOT reaping AND delete_after <= $1 LIMIT $2)`, now, limit); err != nil {
		return nil, outage(err)
	}
	rows, err := s.pool.Query(ctx, selectTenants+`WHERE t.state = 'deleting' AND t.reaping ORDER BY t.delete_after LIMIT $1`, limit)
	if err != nil {
		return nil, outage(err)
	}
	tenants, err := pgx.CollectRows(rows, scanTenant)
	return tenants, outage(err)
}

// Tombstone ends a tenant whose data is gone: its names become free, and only
// its id stays, for ever.
func (s TenantStore) Tombstone(ctx context.Context, t controlplane.Tenant) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := s.orderFarewell(ctx, tx, t.TenantID); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
UPDATE tenants SET state = 'deleted', reaping = false, domains = '{}', edge = NULL, organization = '', suspended_reason = '', updated_at = $3
WHERE tenant_id = $1 AND version = $2 AND reaping`, [16]byte(t.TenantID), t.Version, s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Stale, "the tenant is not being reaped")
		}
		if err := dropClaims(ctx, tx, t.TenantID, string(t.Slug)); err != nil {
			return err
		}
		if err := givePlaces(ctx, tx, map[string]int{t.Cell: 1}); err != nil {
			return err
		}
		if err := s.record(ctx, tx, "tenant.reap", t.TenantID.String(), map[string]any{"slug": t.Slug, "state": directory.Deleted}); err != nil {
			return err
		}
		_, err = s.stampTenants(ctx, tx, t.TenantID)
		return err
	})
}

func dropClaims(ctx context.Context, tx pgx.Tx, id tenancy.ID, slug string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM claims WHERE kind = 'slug' AND value = $2 AND tenant_id = $1`, [16]byte(id), slug); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
DELETE FROM claims k USING custom_domains d WHERE d.tenant_id = $1 AND k.kind = 'domain' AND k.value = d.domain AND k.tenant_id = $1`, [16]byte(id)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM custom_domains WHERE tenant_id = $1`, [16]byte(id))
	return err
}
