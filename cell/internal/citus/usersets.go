package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	bumpUserSetSQL = `
INSERT INTO user_sets (tenant_id, version, changed_at) VALUES ($1, 1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET version = user_sets.version + 1, changed_at = excluded.changed_at`

	// A tenant that arrived, by whatever way, has changed, too.
	userSetsSQL = `
SELECT t.tenant_id, t.epoch, coalesce(s.version, 0), greatest(t.changed_at, s.changed_at)
FROM tenants t LEFT JOIN user_sets s ON s.tenant_id = t.tenant_id
WHERE t.state IN ('live', 'frozen', 'sealed') AND t.tenant_id > $1 AND (t.changed_at >= $2 OR s.changed_at >= $2)
ORDER BY t.tenant_id LIMIT $3`
	addressesSQL = `
SELECT u.user_id, u.email FROM tenants t JOIN users u ON u.tenant_id = t.tenant_id
WHERE t.tenant_id = $1 AND t.state IN ('live', 'frozen', 'sealed') AND u.status = 'active' AND u.user_id > $2 ORDER BY u.user_id LIMIT $3`
)

// userSetChanges notes that the transaction changes who may sign in.
func (w *work) userSetChanges() { w.Queue(bumpUserSetSQL, w.tenant(), time.Now()) }

// UserSets lists tenants whose users who may sign in have changed since, in the
// order of ids, beginning behind the one given.
func (m *Mover) UserSets(ctx context.Context, since time.Time, after tenancy.ID, limit int) ([]cell.UserSet, error) {
	rows, err := m.pool.Query(ctx, userSetsSQL, after.String(), since, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	sets, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s cell.UserSet, err error) {
		var id uuid.UUID
		err = r.Scan(&id, &s.Epoch, &s.Version, &s.ChangedAt)
		s.Tenant = tenancy.ID(id)
		return s, err
	})
	return sets, translate(err, nil)
}

// Addresses lists the users of a tenant who may sign in, in the order of ids,
// behind the one given, and how often the set had changed when it was read.
func (m *Mover) Addresses(ctx context.Context, tenant tenancy.ID, after uuid.UUID, limit int) (set cell.UserSet, found []cell.Address, err error) {
	err = m.inTx(ctx, func(tx pgx.Tx) error {
		const head = `SELECT t.epoch, coalesce(s.version, 0) FROM tenants t LEFT JOIN user_sets s ON s.tenant_id = t.tenant_id
			WHERE t.tenant_id = $1 AND t.state IN ('live', 'frozen', 'sealed')`
		// The version first: what is read after it is as new at least.
		set.Tenant = tenant
		if err := tx.QueryRow(ctx, head, tenant.String()).Scan(&set.Epoch, &set.Version); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, addressesSQL, tenant.String(), after.String(), limit)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (a cell.Address, err error) {
			err = r.Scan(&a.UserID, &a.Email)
			return a, err
		})
		return err
	})
	return set, found, err
}
