package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// RecoveryStore changes the directory as only a recovery may.
type RecoveryStore struct{ *DB }

// ByID returns the tenants of the ids that the directory knows, tombstones included.
func (s TenantStore) ByID(ctx context.Context, ids []tenancy.ID) (map[tenancy.ID]controlplane.Tenant, error) {
	rows, err := s.pool.Query(ctx, selectTenants+`WHERE t.tenant_id = ANY($1::uuid[])`, uuids(ids))
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, scanTenant)
	known := make(map[tenancy.ID]controlplane.Tenant, len(found))
	for _, t := range found {
		known[t.TenantID] = t
	}
	return known, outage(err)
}

// Reconciled notes that the fences of a restored cell agree with the directory.
func (s CellStore) Reconciled(ctx context.Context, r *controlplane.Reconciliation) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE cells SET bereft = false WHERE cell_id = $1 AND bereft`, r.Cell); err != nil {
			return err
		}
		return s.record(ctx, tx, "cell.reconcile", r.Cell, map[string]any{
			"timeline": r.Standing.Found.Timeline, "fences": r.Residents, "changed": len(r.Orders),
			"lost": findingDetail(r.Lost), "disputed": findingDetail(r.Disputed),
			"migrations": len(r.Ended.Migrations), "exports": r.Ended.Exports, "imports": r.Ended.Imports,
		})
	})
}

// longestDetail bounds how many tenants one audit entry names.
const longestDetail = 1000

func findingDetail(findings []controlplane.Finding) map[string]any {
	named := map[string]string{}
	for _, f := range findings[:min(len(findings), longestDetail)] {
		named[f.TenantID.String()] = f.What
	}
	return map[string]any{"count": len(findings), "tenants": named}
}

// Rebase lets the directory's versions go on above any that were ever given, and
// gives every tenant and cell that it has such a one. The log begins anew, so that
// every reader takes a snapshot: a router never lets an older version of an entry
// replace a newer one, and may know entries that are newer than a backup. A hold ends.
func (s RecoveryStore) Rebase(ctx context.Context) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var base, last int64
		err := tx.QueryRow(ctx, `UPDATE directory_counter SET version = greatest(version, $1) RETURNING version`, s.now().UnixMilli()).Scan(&base)
		if err != nil {
			return err
		}
		const restamp = `
WITH numbered AS (SELECT tenant_id, row_number() OVER (ORDER BY tenant_id) AS n FROM tenants WHERE state <> 'provisioning'),
stamped AS (UPDATE tenants t SET version = $1 + n.n FROM numbered n WHERE n.tenant_id = t.tenant_id RETURNING 1)
UPDATE directory_counter SET version = $1 + (SELECT count(*) FROM stamped), held = false RETURNING version`
		if err := tx.QueryRow(ctx, restamp, base).Scan(&last); err != nil {
			return err
		}
		for _, statement := range []string{
			`DELETE FROM directory_changes`,
			`UPDATE directory_relay SET relayed = (SELECT version FROM directory_counter), pruned = (SELECT version FROM directory_counter)`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if err := s.record(ctx, tx, "directory.rebase", "directory", map[string]any{"version": last}); err != nil {
			return err
		}
		return s.stampEveryCell(ctx, tx)
	})
}

// Hold has the directory answer nobody until it was rebuilt.
func (s RecoveryStore) Hold(ctx context.Context) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE directory_counter SET held = true`); err != nil {
			return err
		}
		return s.record(ctx, tx, "directory.hold", "directory", nil)
	})
}

// Held reports whether the directory answers nobody.
func (s RecoveryStore) Held(ctx context.Context) (held bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT held FROM directory_counter`).Scan(&held)
	return held, outage(err)
}

// stampEveryCell logs every cell as changed: by these entries readers see that
// they have missed something.
func (s RecoveryStore) stampEveryCell(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT cell_id FROM cells ORDER BY cell_id`)
	if err != nil {
		return err
	}
	cells, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, cell := range cells {
		if _, err := s.stampCell(ctx, tx, cell); err != nil {
			return err
		}
	}
	return nil
}

// Claim enters tenants where the cells say that they live, or corrects what the
// directory says of them. It returns those whose slug another tenant has. What
// cells do not know is not there: custom domains, suspensions, edge policies.
func (s RecoveryStore) Claim(ctx context.Context, claims []controlplane.Claim) (refused []controlplane.Claim, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		refused = nil
		var stamped []tenancy.ID
		for _, c := range claims {
			done, err := s.claim(ctx, tx, c)
			if err != nil {
				return fmt.Errorf("tenant %s: %w", c.TenantID, err)
			}
			if !done {
				refused = append(refused, c)
				continue
			}
			stamped = append(stamped, c.TenantID)
		}
		if len(stamped) == 0 {
			return nil
		}
		if err := s.record(ctx, tx, "directory.rebuild", "directory", map[string]any{"tenants": len(stamped), "first": stamped[0], "last": stamped[len(stamped)-1]}); err != nil {
			return err
		}
		_, err := s.stampTenants(ctx, tx, stamped...)
		return err
	})
	return refused, err
}

func (s RecoveryStore) claim(ctx context.Context, tx pgx.Tx, c controlplane.Claim) (done bool, err error) {
	tag, err := tx.Exec(ctx, `
INSERT INTO claims (kind, value, tenant_id) VALUES ('slug', $1, $2) ON CONFLICT (kind, value) DO UPDATE SET tenant_id = excluded.tenant_id
WHERE claims.tenant_id = excluded.tenant_id`, string(c.Slug), [16]byte(c.TenantID))
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	var before string
	err = tx.QueryRow(ctx, `SELECT coalesce((SELECT cell_id FROM tenants WHERE tenant_id = $1 FOR UPDATE), '')`, [16]byte(c.TenantID)).Scan(&before)
	if err != nil {
		return false, err
	}
	places := map[string]int{c.Cell: -1}
	if before != "" && before != c.Cell {
		places[before] = 1
	}
	if before == c.Cell {
		places = nil
	}
	if err := movePlaces(ctx, tx, places); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `
INSERT INTO tenants (tenant_id, epoch, state, cell_id, plan, slug, organization, placement_reason, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'rebuilt from the cells', $8, $8)
ON CONFLICT (tenant_id) DO UPDATE SET epoch = excluded.epoch, cell_id = excluded.cell_id, placement_reason = excluded.placement_reason, updated_at = excluded.updated_at
WHERE tenants.epoch < excluded.epoch`,
		[16]byte(c.TenantID), c.Epoch, string(directory.Active), c.Cell, c.Plan, string(c.Slug), c.Organization, s.now())
	return err == nil, err
}

// movePlaces counts tenants out of cells, or into them if the number is negative.
// They are there, whether or not the cell has room for them.
func movePlaces(ctx context.Context, tx pgx.Tx, freed map[string]int) error {
	for cell, n := range freed {
		if _, err := tx.Exec(ctx, `UPDATE cells SET assigned_tenants = greatest(assigned_tenants - $2, 0) WHERE cell_id = $1`, cell, n); err != nil {
			return err
		}
	}
	return nil
}

// CheckFree says that a tenant is being moved, or nil.
func (s RecoveryStore) CheckFree(ctx context.Context, id tenancy.ID) error {
	var claimed bool
	err := s.pool.QueryRow(ctx, `SELECT migration_id IS NOT NULL FROM tenants WHERE tenant_id = $1`, [16]byte(id)).Scan(&claimed)
	if err == nil && claimed {
		return fault.New(fault.Conflict, "the tenant is being moved to another cell, or can still be moved back; finish or abort its migration first")
	}
	return none(err, "tenant")
}

// Rehome notes that a cell has the tenant from an archive, under the next epoch.
// A cell that loses the tenant so has not been asked: it is to be reconciled
// before it serves anybody.
func (s RecoveryStore) Rehome(ctx context.Context, t controlplane.Tenant, cell string) (controlplane.Tenant, error) {
	var after controlplane.Tenant
	err := s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
UPDATE tenants SET cell_id = $4, epoch = epoch + 1, placement_reason = 'restored from an archive', updated_at = $5
WHERE tenant_id = $1 AND cell_id = $2 AND epoch = $3 AND migration_id IS NULL AND state IN ('active', 'suspended')`,
			[16]byte(t.TenantID), t.Cell, t.Epoch, cell, s.now())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Conflict, "the tenant has changed in the meantime; the cell %s has it under epoch %d, which is the later one: repeat this", cell, t.Epoch+1)
		}
		if t.Cell != cell {
			if err := movePlaces(ctx, tx, map[string]int{t.Cell: 1, cell: -1}); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE cells SET bereft = true WHERE cell_id = $1`, t.Cell); err != nil {
				return err
			}
		}
		detail := map[string]any{"slug": t.Slug, "from": t.Cell, "to": cell, "epoch": t.Epoch + 1}
		if err := s.record(ctx, tx, "tenant.restore", t.TenantID.String(), detail); err != nil {
			return err
		}
		if _, err := s.stampTenants(ctx, tx, t.TenantID); err != nil {
			return err
		}
		after, err = oneTenant(ctx, tx, t.TenantID, "")
		return err
	})
	return after, err
}
