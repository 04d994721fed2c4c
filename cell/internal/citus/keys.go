package citus

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const keyColumns = `key_id, user_id, name, prefix, scopes, expires_at, created_at, used_on`

const insertKeySQL = `INSERT INTO api_keys (tenant_id, key_id, user_id, key_hash, name, prefix, scopes, expires_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8) RETURNING ` + keyColumns

// The role of one user, and those of several.
const (
	holderFrom = ` FROM users u LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.role_id = u.role_id WHERE u.tenant_id = $1 AND u.user_id = `
	holderSQL  = `SELECT coalesce(u.role_id::text, u.role), r.permissions` + holderFrom + `$2`
	holdersSQL = `SELECT coalesce(u.role_id::text, u.role), r.permissions, u.user_id` + holderFrom + `ANY($2::text[]::uuid[])`
)

// ListKeys returns a user's keys, oldest first. The actor is the user, or may
// manage it.
func (s *Store) ListKeys(ctx context.Context, call *cell.Call, user uuid.UUID) ([]cell.Key, error) {
	var keys []cell.Key
	err := s.read(ctx, call, func(w *work) {
		w.Queue(holderSQL, w.tenant(), user.String()).QueryRow(w.judgeHolder(user, nil))
		q := selectKeys()
		q.and(`user_id = `, user.String())
		q.paged(cell.PageRequest{Limit: cell.MaxKeys}).queue(w).Query(collect(&keys, scanKey))
	})
	return keys, err
}

func selectKeys() selection {
	q := rowsOf(keyColumns, `api_keys`, `tenant_id`, `key_id`)
	q.where += ` AND revoked_at IS NULL`
	q.parent = `user_id = ?`
	return q
}

// CreateKey adds a key with the given hash to a user. Nobody makes a key that
// may do more than the actor.
func (s *Store) CreateKey(ctx context.Context, call *cell.Call, key cell.Key, hash []byte, entry cell.AuditEntry) (cell.Key, error) {
	var k cell.Key
	err := s.write(ctx, call, nil, func(w *work) {
		w.lockHolder(key.UserID, &key)
		w.Queue(`SELECT count(*) FROM api_keys WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL`, w.tenant(), key.UserID.String()).
			QueryRow(roomForKey)
		w.Queue(insertKeySQL, w.tenant(), key.ID.String(), key.UserID.String(), hash, key.Name, key.Prefix, texts(key.Scopes), orNull(key.ExpiresAt)).
			QueryRow(into(&k, scanKey))
		w.audit(entry)
	})
	return k, err
}

// DeleteKey removes a key of a user. The actor is the user, or may manage it.
func (s *Store) DeleteKey(ctx context.Context, call *cell.Call, user, id uuid.UUID, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.lockHolder(user, nil)
		w.audit(entry) // before the actor's own key may go
		w.Queue(`DELETE FROM api_keys WHERE tenant_id = $1 AND user_id = $2 AND key_id = $3 RETURNING key_id`,
			w.tenant(), user.String(), id.String()).QueryRow(func(r pgx.Row) error { return r.Scan(&id) })
	})
}

// lockHolder locks the user whose keys change, so that its role stays what it
// is and its keys are counted right.
func (w *work) lockHolder(user uuid.UUID, given *cell.Key) {
	w.Queue(holderSQL+` FOR UPDATE OF u`, w.tenant(), user.String()).QueryRow(w.judgeHolder(user, given))
}

// judgeHolder reads the role of a user and checks that the actor may see and
// take the user's keys, and, if it gives one, that it has every right of it.
func (w *work) judgeHolder(user uuid.UUID, given *cell.Key) func(pgx.Row) error {
	return func(r pgx.Row) error {
		grant, err := scanGrant(r)
		if err != nil {
			return err
		}
		if given != nil && !w.actor.CoversAll(rightsOf(*given, grant)) {
			return fault.New(fault.Forbidden, "the key could do more than you may do now; use a credential with all rights of the role %s, or give the key fewer scopes", grant.Role)
		}
		if w.call.System { // whoever signs the user in
			return nil
		}
		return seesHolder(w.actor, user, grant)
	}
}

// seesHolder checks that the actor is the user, or may manage it.
func seesHolder(actor cell.Actor, user uuid.UUID, grant cell.Grant) error {
	if actor.UserID == user {
		return nil
	}
	return mayManage(actor, grant)
}

// rightsOf returns what a key of a user with the role may do.
func rightsOf(key cell.Key, holder cell.Grant) []cell.Permission {
	if len(key.Scopes) == 0 {
		return holder.Permissions
	}
	return slices.DeleteFunc(slices.Clone(key.Scopes), func(p cell.Permission) bool { return !holder.Has(p) })
}

func roomForKey(r pgx.Row) error {
	var n int
	if err := r.Scan(&n); err != nil {
		return err
	}
	if n >= cell.MaxKeys {
		return fault.New(fault.Conflict, "the user has %d keys already; delete one first", n)
	}
	return nil
}

func scanKey(r row) (cell.Key, error) {
	var k cell.Key
	var used, expires *time.Time
	err := r.Scan(&k.ID, &k.UserID, &k.Name, &k.Prefix, &k.Scopes, &expires, &k.CreatedAt, &used)
	if expires != nil {
		k.ExpiresAt = *expires
	}
	if used != nil {
		k.UsedOn = *used
	}
	return k, err
}
