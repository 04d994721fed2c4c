package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const roleRowColumns = `role_id, name, description, permissions, version, created_at, updated_at`

var roleConstraints = constraints{
	"roles_name": fault.New(fault.Conflict, "a role with this name exists already"),
	"users_role": fault.New(fault.Conflict, "somebody has this role; give them another one first"),

	"invitations_role": fault.New(fault.Conflict, "somebody is invited with this role; revoke the invitation first"),
}

// Identify returns who calls, and nothing else.
func (s *Store) Identify(ctx context.Context, call *cell.Call) (actor cell.Actor, err error) {
	var judged *work
	err = s.read(ctx, call, func(w *work) { judged = w })
	return judged.actor, err
}

// ListRoles returns the tenant's own roles, oldest first.
func (s *Store) ListRoles(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.CustomRole, error) {
	return list(ctx, s, call, selectRoles(), page, scanRole)
}

func selectRoles() selection { return rowsOf(roleRowColumns, `roles`, `tenant_id`, `role_id`) }

// GetRole returns one of the tenant's own roles.
func (s *Store) GetRole(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.CustomRole, error) {
	var role cell.CustomRole
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+roleRowColumns+` FROM roles WHERE tenant_id = $1 AND role_id = $2`, w.tenant(), id.String()).QueryRow(into(&role, scanRole))
	})
	return role, err
}

// CreateRole adds a role that may do no more than the actor.
func (s *Store) CreateRole(ctx context.Context, call *cell.Call, role cell.CustomRole, entry cell.AuditEntry) (cell.CustomRole, error) {
	var made cell.CustomRole
	err := s.write(ctx, call, roleConstraints, func(w *work) {
		w.Queue(`SELECT count(*) FROM roles WHERE tenant_id = $1`, w.tenant()).QueryRow(func(r pgx.Row) error {
			var n int
			if err := r.Scan(&n); err != nil {
				return err
			}
			if n >= cell.MaxRoles {
				return fault.New(fault.Conflict, "the tenant has %d roles of its own already; delete one first", n)
			}
			return w.mayGive(role.Permissions)
		})
		w.Queue(`INSERT INTO roles (tenant_id, role_id, name, description, permissions) VALUES ($1, $2, $3, $4, $5::text[]) RETURNING `+roleRowColumns,
			w.tenant(), role.ID.String(), role.Name, role.Description, texts(role.Permissions)).QueryRow(into(&made, scanRole))
		w.audit(entry)
	})
	return made, err
}

// UpdateRole changes a role if its version meets the precondition. The actor
// has every right of the role, before and after.
func (s *Store) UpdateRole(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.CustomRoleChange, pre cell.Precondition, entry cell.AuditEntry) (cell.CustomRole, error) {
	var role cell.CustomRole
	var permissions []string // null: as they are
	if change.Permissions != nil {
		permissions = texts(change.Permissions)
	}
	err := s.write(ctx, call, roleConstraints, func(w *work) {
		w.lockRole(id, pre, change.Permissions)
		w.Queue(`UPDATE roles SET name = coalesce($3, name), description = coalesce($4, description), permissions = coalesce($5::text[], permissions),
			version = version + 1, updated_at = now() WHERE tenant_id = $1 AND role_id = $2 RETURNING `+roleRowColumns,
			w.tenant(), id.String(), change.Name, change.Description, permissions).QueryRow(into(&role, scanRole))
		w.audit(entry)
	})
	return role, err
}

// DeleteRole removes a role that nobody has.
func (s *Store) DeleteRole(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, roleConstraints, func(w *work) {
		w.lockRole(id, pre, nil)
		w.Queue(`DELETE FROM roles WHERE tenant_id = $1 AND role_id = $2`, w.tenant(), id.String())
		w.audit(entry)
	})
}

// lockRole locks the role to change and checks that the actor has every right
// of it, and those that it is to get.
func (w *work) lockRole(id uuid.UUID, pre cell.Precondition, added []cell.Permission) {
	const query = `SELECT permissions, version FROM roles WHERE tenant_id = $1 AND role_id = $2 FOR UPDATE`
	w.Queue(query, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
		var held []cell.Permission
		var version int64
		if err := r.Scan(&held, &version); err != nil {
			return err
		}
		if err := w.mayGive(held); err != nil {
			return err
		}
		if err := w.mayGive(added); err != nil {
			return err
		}
		return pre.Check(version)
	})
}

func (w *work) mayGive(permissions []cell.Permission) error {
	if w.actor.CoversAll(permissions) {
		return nil
	}
	return fault.New(fault.Forbidden, "the role may do more than you may; nobody gives or takes rights that it has not")
}

func scanRole(r row) (cell.CustomRole, error) {
	var role cell.CustomRole
	err := r.Scan(&role.ID, &role.Name, &role.Description, &role.Permissions, &role.Version, &role.CreatedAt, &role.UpdatedAt)
	return role, err
}

// texts is a list of named strings as a parameter: never null.
func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = string(item)
	}
	return out
}

// orNull is a time as a parameter; zero is null.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
