package citus

import (
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// The fence and the caller's key are judged by one statement. A read looks at
// the state in its own snapshot; a write must find the gate open and holds the
// state still until it has committed.
const (
	fenceColumns = `
SELECT t.state, t.epoch, coalesce(t.moved_to, ''), coalesce(t.moved_epoch, 0), u.user_id, coalesce(u.role, '')
FROM tenants t
JOIN tenant_gate g ON g.tenant_id = t.tenant_id
LEFT JOIN api_keys k ON k.tenant_id = t.tenant_id AND k.key_hash = $2 AND k.revoked_at IS NULL
LEFT JOIN users u ON u.tenant_id = k.tenant_id AND u.user_id = k.user_id AND u.status = 'active'
WHERE t.tenant_id = $1`
	readFence  = fenceColumns
	writeFence = fenceColumns + ` AND g.open FOR SHARE OF t`
)

// errNoFence says that a write found no open gate: the tenant is absent, or a
// freeze has begun. A second look tells which.
var errNoFence = errors.New("no open gate")

// verdict is the fence's answer about a call.
type verdict struct {
	fence cell.Fence
	actor cell.Actor
}

func scanVerdict(r row) (verdict, error) {
	var v verdict
	var user *uuid.UUID
	err := r.Scan(&v.fence.State, &v.fence.Epoch, &v.fence.MovedTo, &v.fence.MovedEpoch, &user, &v.actor.Role)
	if user != nil {
		v.actor.UserID = *user
	}
	return v, err
}

// admit judges a call by the fence first, then by its key and rights: a tenant
// that is not here has no keys here.
func admit(call *cell.Call, v verdict, refusal error) error {
	if refusal != nil {
		return refusal
	}
	call.ServedEpoch = v.fence.Epoch
	switch {
	case call.System:
		return nil
	case v.actor.UserID == uuid.Nil:
		return fault.New(fault.Unauthenticated, "the API key is not valid for this tenant")
	case !v.actor.Role.Has(call.Permission):
		return fault.New(fault.Forbidden, "the role %s may not do this; it needs %s", v.actor.Role, call.Permission)
	}
	return nil
}

func (w *work) admitRead(r pgx.Row) error {
	v, err := scanVerdict(r)
	if errors.Is(err, pgx.ErrNoRows) {
		return v.fence.CheckRead(w.call.Epoch) // the zero fence: absent
	}
	if err != nil {
		return err
	}
	w.actor = v.actor
	return admit(w.call, v, v.fence.CheckRead(w.call.Epoch))
}

func (w *work) admitWrite(r pgx.Row) error {
	v, err := scanVerdict(r)
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoFence
	}
	if err != nil {
		return err
	}
	w.actor = v.actor
	return admit(w.call, v, v.fence.CheckWrite(w.call.Epoch))
}
