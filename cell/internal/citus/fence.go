package citus

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// The fence and the caller's credential are judged by one statement. A read
// looks at the state in its own snapshot; a write must find the gate open, having
// taken the lock that holds the state still until it has committed.
const (
	fenceColumns = `
SELECT t.state, t.epoch, coalesce(t.moved_to, ''), coalesce(t.moved_epoch, 0), u.user_id, coalesce(u.role_id::text, u.role, ''),
	coalesce(r.role_id::text, ''), r.permissions, `
	byKey = `k.scopes, k.expires_at, k.used_on IS DISTINCT FROM (now() AT TIME ZONE 'UTC')::date
FROM tenants t
JOIN tenant_gate g ON g.tenant_id = t.tenant_id
LEFT JOIN api_keys k ON k.tenant_id = t.tenant_id AND k.key_hash = $2 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
LEFT JOIN users u ON u.tenant_id = k.tenant_id AND u.user_id = k.user_id AND u.status = 'active'
LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.role_id = u.role_id`
	byUser = `NULL::text[], NULL::timestamptz, false
FROM tenants t
JOIN tenant_gate g ON g.tenant_id = t.tenant_id
LEFT JOIN users u ON u.tenant_id = t.tenant_id AND u.user_id = $2 AND u.status = 'active'
LEFT JOIN roles r ON r.tenant_id = t.tenant_id AND (r.role_id = u.role_id OR r.role_id = ANY($3::text[]::uuid[]))`
	byNobody = `NULL::text[], NULL::timestamptz, false
FROM (SELECT NULL::uuid AS user_id, NULL::uuid AS role_id, NULL::text AS role) u, (SELECT NULL::uuid AS role_id, NULL::text[] AS permissions) r, tenants t
JOIN tenant_gate g ON g.tenant_id = t.tenant_id`
	toRead  = ` WHERE t.tenant_id = $1`
	toWrite = ` WHERE t.tenant_id = $1 AND g.open`

	readByKey, readByUser, readByNobody    = fenceColumns + byKey + toRead, fenceColumns + byUser + toRead, fenceColumns + byNobody + toRead
	writeByKey, writeByUser, writeByNobody = fenceColumns + byKey + toWrite, fenceColumns + byUser + toWrite, fenceColumns + byNobody + toWrite
)

// fence queues the statements that judge the call.
func (w *work) fence(purpose string, judge func(pgx.Rows) error) {
	if purpose == toWrite {
		w.Queue(holdWrites, w.tenant(), writeLock(w.call.Tenant)).Exec(func(tag pgconn.CommandTag) error {
			w.holds = tag.RowsAffected() > 0
			return nil
		})
	}
	if token := w.call.Token; token != nil {
		// A machine's user id is zero, which no user has: never null, see keyHash.
		w.Queue(fenceColumns+byUser+purpose, w.tenant(), token.UserID.String(), customRoles(token.Roles)).Query(judge)
		return
	}
	if w.call.System { // nobody's credential is to be judged
		w.Queue(fenceColumns+byNobody+purpose, w.tenant()).Query(judge)
		return
	}
	w.Queue(fenceColumns+byKey+purpose, w.tenant(), w.keyHash()).Query(judge)
}

// customRoles returns the roles that a tenant may have made.
func customRoles(roles []cell.Role) []string {
	ids := []string{}
	for _, role := range roles {
		if id, err := uuid.Parse(string(role)); err == nil {
			ids = append(ids, id.String())
		}
	}
	return ids
}

// errNoFence says that a write found no open gate: the tenant is absent, or a
// freeze has begun. A second look tells which.
var errNoFence = errors.New("no open gate")

// verdict is the fence's answer about a call.
type verdict struct {
	fence  cell.Fence
	actor  cell.Actor
	newDay bool // the key's last use was on another day, or never
}

// scanVerdict reads the fence's answer: a row for each role of the tenant's own
// that counts, and one if none does.
func scanVerdict(rows pgx.Rows) (verdict, error) {
	v := verdict{actor: cell.Actor{Custom: map[cell.Role][]cell.Permission{}}}
	found := false
	for rows.Next() {
		var user *uuid.UUID
		var custom cell.Role
		var permissions []cell.Permission
		var until *time.Time
		err := rows.Scan(&v.fence.State, &v.fence.Epoch, &v.fence.MovedTo, &v.fence.MovedEpoch, &user, &v.actor.Role,
			&custom, &permissions, &v.actor.Scopes, &until, &v.newDay)
		if err != nil {
			return v, err
		}
		if user != nil {
			v.actor.UserID = *user
		}
		if until != nil {
			v.actor.Until = *until
		}
		if custom != "" {
			v.actor.Custom[custom] = permissions
		}
		found = true
	}
	if err := rows.Err(); err != nil || found {
		return v, err
	}
	return v, pgx.ErrNoRows
}

// admit judges a call by the fence first, then by its credential and rights: a
// tenant that is not here has no keys and users here.
func (w *work) admit(v verdict, refusal error) error {
	if refusal != nil {
		return refusal
	}
	w.call.ServedEpoch = v.fence.Epoch
	w.actor, w.newDay = v.actor, v.newDay
	w.actor.Token = w.call.Token
	if err := judge(w.call, w.actor); err != nil {
		return err
	}
	w.call.Admitted, w.call.Allowed = w.actor, true
	return nil
}

func judge(call *cell.Call, actor cell.Actor) error {
	switch {
	case call.System || call.Permission == cell.Public:
		return nil
	case actor.UserID == uuid.Nil && call.Token == nil:
		return fault.New(fault.Unauthenticated, "the API key is not valid for this tenant")
	case actor.UserID == uuid.Nil && !call.Token.Machine:
		return fault.New(fault.Unauthenticated, "the token's user is not an active user of this tenant")
	case call.Permission == cell.Anyone:
		return nil
	case !actor.Has(call.Permission) && !actor.Is(call.Self):
		return forbidden(actor, call.Permission)
	}
	return nil
}

func forbidden(actor cell.Actor, p cell.Permission) error {
	if actor.Token == nil && len(actor.Scopes) == 0 {
		return fault.New(fault.Forbidden, "the role %s may not do this; it needs %s", actor.Role, p)
	}
	if actor.Token == nil {
		return fault.New(fault.Forbidden, "the user's role and the key's scopes together may not do this; it needs %s", p)
	}
	return fault.New(fault.Forbidden, "the token's user, roles and scopes together may not do this; it needs %s", p)
}

func (w *work) admitRead(r pgx.Rows) error {
	v, err := scanVerdict(r)
	if errors.Is(err, pgx.ErrNoRows) {
		return v.fence.CheckRead(w.call.Epoch) // the zero fence: absent
	}
	if err != nil {
		return err
	}
	return w.admit(v, v.fence.CheckRead(w.call.Epoch))
}

func (w *work) admitWrite(r pgx.Rows) error {
	v, err := scanVerdict(r)
	// The gate may have opened after it was found closed.
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !w.holds {
		return errNoFence
	}
	if err != nil {
		return err
	}
	return w.admit(v, v.fence.CheckWrite(w.call.Epoch))
}
