package citus

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// lockOwners keeps two transactions from taking each other's last owner away:
// the second one waits here and then counts anew.
func (w *work) lockOwners() {
	w.Queue(`SELECT user_id FROM users WHERE tenant_id = $1 AND role = 'owner' AND status = 'active' ORDER BY user_id FOR UPDATE`, w.tenant())
}

// lockUser locks the user to change and checks that the actor may change one
// with its role, and to the new one.
func (w *work) lockUser(id uuid.UUID, pre cell.Precondition, to *cell.Role) {
	w.Queue(lockUserSQL, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
		var version int64
		grant, err := scanGrant(r, &version)
		if err != nil {
			return err
		}
		if err := mayManage(w.actor, grant); err != nil {
			return err
		}
		return pre.Check(version)
	})
	if to != nil {
		w.requireManageable(*to)
	}
}

const lockUserSQL = `
SELECT coalesce(u.role_id::text, u.role), r.permissions, u.version
FROM users u LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.role_id = u.role_id
WHERE u.tenant_id = $1 AND u.user_id = $2 FOR UPDATE OF u`

// scanGrant reads a role and the permissions that are stored of it.
func scanGrant(r row, more ...any) (cell.Grant, error) {
	var role cell.Role
	var stored []cell.Permission
	err := r.Scan(append([]any{&role, &stored}, more...)...)
	return role.Grant(stored), err
}

// requireManageable checks that there is such a role and that the actor may
// give it to somebody.
func (w *work) requireManageable(role cell.Role) {
	// One row in any case, so that a built-in role is judged where the actor is known.
	const query = `SELECT $2::text, r.permissions, r.role_id IS NOT NULL FROM tenants t
		LEFT JOIN roles r ON r.tenant_id = t.tenant_id AND r.role_id = $3 WHERE t.tenant_id = $1`
	_, id := roleColumns(role)
	if id == nil {
		id = new(uuid.Nil.String()) // never null, see keyHash
	}
	w.Queue(query, w.tenant(), string(role), *id).QueryRow(func(r pgx.Row) error {
		var found bool
		grant, err := scanGrant(r, &found)
		if err != nil {
			return err
		}
		if !role.BuiltIn() && !found {
			return fault.New(fault.Invalid, "the request breaks rules of the API").At("/role", "no such role")
		}
		return mayManage(w.actor, grant)
	})
}

// roleColumns returns a role as users and invitations store it: its name, or
// 'custom' and its id.
func roleColumns(role cell.Role) (name string, id *string) {
	if role.BuiltIn() {
		return string(role), nil
	}
	text := string(role)
	return "custom", &text
}

func mayManage(actor cell.Actor, other cell.Grant) error {
	switch {
	case actor.MayManage(other):
		return nil
	case actor.Token != nil:
		return fault.New(fault.Forbidden, "the token's roles may not manage users with the role %s", other.Role)
	}
	return fault.New(fault.Forbidden, "the role %s may not manage users with the role %s", actor.Role, other.Role)
}

// requireOwner rolls back what would leave the tenant without an owner.
func (w *work) requireOwner() {
	const query = `SELECT count(*) FROM users WHERE tenant_id = $1 AND role = 'owner' AND status = 'active'`
	w.Queue(query, w.tenant()).QueryRow(func(r pgx.Row) error {
		var owners int
		if err := r.Scan(&owners); err != nil {
			return err
		}
		if owners == 0 {
			return fault.New(fault.Conflict, "a tenant keeps at least one active owner; make somebody else an owner first")
		}
		return nil
	})
}
