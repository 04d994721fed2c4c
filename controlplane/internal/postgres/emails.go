package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
)

// EmailStore keeps which tenants have a user with an e-mail address.
type EmailStore struct{ *DB }

// Behind returns those of a cell's sets whose tenants live there and of which
// an earlier set is known here, or none.
func (s EmailStore) Behind(ctx context.Context, cell string, sets []controlplane.UserSet) ([]controlplane.UserSet, error) {
	ids, epochs, versions := make([][16]byte, len(sets)), make([]int64, len(sets)), make([]int64, len(sets))
	for i, set := range sets {
		ids[i], epochs[i], versions[i] = set.Tenant, int64(set.Epoch), set.Version
	}
	rows, err := s.pool.Query(ctx, `
SELECT s.tenant_id, s.epoch, s.version FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS s (tenant_id, epoch, version)
JOIN tenants t ON t.tenant_id = s.tenant_id AND t.cell_id = $1 AND t.state <> 'deleted' LEFT JOIN email_heads h ON h.tenant_id = s.tenant_id
WHERE h.tenant_id IS NULL OR (s.epoch, s.version) > (h.epoch, h.version) ORDER BY s.tenant_id`, cell, ids, epochs, versions)
	if err != nil {
		return nil, outage(err)
	}
	behind, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u controlplane.UserSet, err error) {
		err = row.Scan((*[16]byte)(&u.Tenant), &u.Epoch, &u.Version)
		return u, err
	})
	return behind, outage(err)
}

// Replace makes a tenant's rows those of the set, unless a later one is known.
func (s EmailStore) Replace(ctx context.Context, set controlplane.UserSet, users []controlplane.UserHash) error {
	hashes, ids := make([][]byte, len(users)), make([][16]byte, len(users))
	for i := range users {
		hashes[i], ids[i] = users[i].Email[:], users[i].UserID
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		moved, err := tx.Exec(ctx, `
INSERT INTO email_heads (tenant_id, epoch, version) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
WHERE (email_heads.epoch, email_heads.version) < (excluded.epoch, excluded.version)`, [16]byte(set.Tenant), int64(set.Epoch), set.Version)
		if err != nil || moved.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `
DELETE FROM email_users e WHERE tenant_id = $1
AND NOT EXISTS (SELECT FROM unnest($2::bytea[], $3::uuid[]) AS n (email_hash, user_id) WHERE n.email_hash = e.email_hash AND n.user_id = e.user_id)`,
			[16]byte(set.Tenant), hashes, ids); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
INSERT INTO email_users (email_hash, tenant_id, user_id) SELECT n.email_hash, $1, n.user_id FROM unnest($2::bytea[], $3::uuid[]) AS n (email_hash, user_id)
ON CONFLICT DO NOTHING`, [16]byte(set.Tenant), hashes, ids)
		return err
	})
}

// TenantsOf returns the tenants that have a user with the hash, by slug.
func (s EmailStore) TenantsOf(ctx context.Context, hash []byte) ([]controlplane.TenantRef, error) {
	rows, err := s.pool.Query(ctx, `
SELECT e.tenant_id, e.user_id FROM email_users e JOIN tenants t USING (tenant_id)
WHERE e.email_hash = $1 AND t.state IN ('active', 'suspended') ORDER BY t.slug`, hash)
	if err != nil {
		return nil, outage(err)
	}
	refs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r controlplane.TenantRef, err error) {
		var user uuid.UUID
		err = row.Scan((*[16]byte)(&r.TenantID), (*[16]byte)(&user))
		r.UserID = user
		return r, err
	})
	return refs, outage(err)
}

// Prune forgets tenants that are gone.
func (s EmailStore) Prune(ctx context.Context) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		for _, table := range []string{"email_users", "email_heads"} {
			const gone = ` e WHERE NOT EXISTS (SELECT FROM tenants t WHERE t.tenant_id = e.tenant_id AND t.state <> 'deleted')`
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+gone); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetHeads has every tenant be read anew. What is known is used until then.
func (s EmailStore) ForgetHeads(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM email_heads`)
	return outage(err)
}
