package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// KeyStore keeps operators' API keys.
type KeyStore struct{ *DB }

const selectKeys = `SELECT name, role, cell_id, created_at, last_used_at, revoked_at FROM api_keys `

func scanKey(row pgx.CollectableRow) (controlplane.Key, error) {
	var k controlplane.Key
	var used, revoked *time.Time
	err := row.Scan(&k.Name, &k.Role, &k.Cell, &k.CreatedAt, &used, &revoked)
	k.CreatedAt, k.LastUsedAt, k.RevokedAt = k.CreatedAt.UTC(), orZero(used), orZero(revoked)
	return k, err
}

// ByHash returns the key with a secret's hash, revoked or not.
func (s KeyStore) ByHash(ctx context.Context, hash controlplane.SecretHash) (controlplane.Key, error) {
	rows, err := s.pool.Query(ctx, selectKeys+`WHERE secret_hash = $1`, hash[:])
	if err != nil {
		return controlplane.Key{}, outage(err)
	}
	k, err := pgx.CollectExactlyOneRow(rows, scanKey)
	return k, none(err, "API key")
}

// Used notes when a key was used last.
func (s KeyStore) Used(ctx context.Context, name string, at time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE api_keys SET last_used_at = greatest(last_used_at, $2) WHERE name = $1`, name, at)
	return outage(err)
}

// List returns a page of keys by name.
func (s KeyStore) List(ctx context.Context, page controlplane.Page) ([]controlplane.Key, error) {
	rows, err := s.pool.Query(ctx, selectKeys+`WHERE name > $1 ORDER BY name LIMIT $2`, page.After, page.Limit)
	if err != nil {
		return nil, outage(err)
	}
	keys, err := pgx.CollectRows(rows, scanKey)
	return keys, outage(err)
}

// Create inserts a key; a name that was ever used is a fault (conflict).
func (s KeyStore) Create(ctx context.Context, k controlplane.Key, hash controlplane.SecretHash) (controlplane.Key, error) {
	k.CreatedAt = s.now()
	err := s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO api_keys (name, role, cell_id, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
			k.Name, string(k.Role), k.Cell, hash[:], k.CreatedAt)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "key.create", k.Name, map[string]any{"role": k.Role, "cell": k.Cell})
	})
	if pg.Constraint(err) != "" {
		err = fault.Wrap(err, fault.Conflict, "there is, or was, a key with this name or secret; choose another")
	}
	return k, err
}

// Ensure makes the named key be as given. It reports whether that changed
// anything. A revoked key stays revoked: that is a fault (conflict).
func (s KeyStore) Ensure(ctx context.Context, k controlplane.Key, hash controlplane.SecretHash) (changed bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		var same, revoked bool
		err := tx.QueryRow(ctx, `SELECT role = $2 AND cell_id = $3 AND secret_hash = $4, revoked_at IS NOT NULL FROM api_keys WHERE name = $1 FOR UPDATE`,
			k.Name, string(k.Role), k.Cell, hash[:]).Scan(&same, &revoked)
		switch {
		case err != nil && !errors.Is(err, pgx.ErrNoRows):
			return err
		case revoked:
			return fault.New(fault.Conflict, "the key %q is revoked; choose another name", k.Name)
		case same:
			return nil
		}
		changed = true
		if _, err := tx.Exec(ctx, `
INSERT INTO api_keys (name, role, cell_id, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, cell_id = excluded.cell_id, secret_hash = excluded.secret_hash`,
			k.Name, string(k.Role), k.Cell, hash[:], s.now()); err != nil {
			return err
		}
		return s.record(ctx, tx, "key.ensure", k.Name, map[string]any{"role": k.Role, "cell": k.Cell})
	})
	if pg.Constraint(err) != "" {
		err = fault.Wrap(err, fault.Conflict, "another key has this secret")
	}
	return changed, err
}

// Revoke ends a key for ever.
func (s KeyStore) Revoke(ctx context.Context, name string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var before *time.Time
		err := tx.QueryRow(ctx, `SELECT revoked_at FROM api_keys WHERE name = $1 FOR UPDATE`, name).Scan(&before)
		if err != nil || before != nil {
			return none(err, "API key")
		}
		if _, err := tx.Exec(ctx, `UPDATE api_keys SET revoked_at = $2 WHERE name = $1`, name, s.now()); err != nil {
			return err
		}
		return s.record(ctx, tx, "key.revoke", name, nil)
	})
}
