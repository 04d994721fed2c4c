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
	const query = `SELECT version, role FROM users WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE`
	w.Queue(query, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
		var version int64
		var role cell.Role
		if err := r.Scan(&version, &role); err != nil {
			return err
		}
		if err := mayManage(w.actor, role); err != nil {
			return err
		}
		if to != nil {
			if err := mayManage(w.actor, *to); err != nil {
				return err
			}
		}
		return pre.Check(version)
	})
}

func mayManage(actor cell.Actor, role cell.Role) error {
	switch {
	case actor.MayManage(role):
		return nil
	case actor.Token != nil:
		return fault.New(fault.Forbidden, "the token's roles may not manage users with the role %s", role)
	}
	return fault.New(fault.Forbidden, "the role %s may not manage users with the role %s", actor.Role, role)
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
