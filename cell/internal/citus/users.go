package citus

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const userColumns = `user_id, email, name, coalesce(role_id::text, role), status, version, created_at, updated_at`

var userConstraints = constraints{"users_email": fault.New(fault.Conflict, "a user with this e-mail address exists already")}

// ListUsers returns users, oldest first.
func (s *Store) ListUsers(ctx context.Context, call *cell.Call, filter cell.UserFilter, page cell.PageRequest) ([]cell.User, error) {
	return list(ctx, s, call, selectUsers(filter), page, scanUser)
}

func selectUsers(filter cell.UserFilter) selection {
	q := rowsOf(userColumns, `users`, `tenant_id`, `user_id`)
	if filter.Status != "" {
		q.and(`status = `, string(filter.Status))
	}
	if filter.Text != "" {
		q.and(`0 < strpos(lower(name || ' ' || email), lower(`, filter.Text)
		q.where += `))`
	}
	return q
}

// GetUser returns one user.
func (s *Store) GetUser(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.User, error) {
	var u cell.User
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), id.String()).QueryRow(into(&u, scanUser))
	})
	return u, err
}

// CreateUser adds a user. Nobody gives a role that may do more than its own.
func (s *Store) CreateUser(ctx context.Context, call *cell.Call, user cell.User, entry cell.AuditEntry) (cell.User, error) {
	var u cell.User
	name, id := roleColumns(user.Role)
	err := s.write(ctx, call, userConstraints, func(w *work) {
		w.requireManageable(user.Role)
		w.Queue(`INSERT INTO users (tenant_id, user_id, email, name, role, role_id, status) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING `+userColumns,
			w.tenant(), user.ID.String(), user.Email, user.Name, name, id, string(user.Status)).QueryRow(into(&u, scanUser))
		w.userSetChanges()
		w.audit(entry)
	})
	return u, err
}

// UpdateUser changes a user if its version meets the precondition. The tenant
// keeps at least one active owner. Disabling a user ends its sessions, tokens and
// keys for good.
func (s *Store) UpdateUser(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.UserChange, pre cell.Precondition, entry cell.AuditEntry) (cell.User, error) {
	var u cell.User
	var name, roleID *string
	if change.Role != nil {
		text, id := roleColumns(*change.Role)
		name, roleID = &text, id
	}
	err := s.write(ctx, call, userConstraints, func(w *work) {
		w.lockOwners()
		w.lockUser(id, pre, change.Role)
		w.Queue(`UPDATE users SET name = coalesce($3, name), role = coalesce($4, role), role_id = CASE WHEN $4::text IS NULL THEN role_id ELSE $5 END,
			status = coalesce($6, status), version = version + 1, updated_at = now() WHERE tenant_id = $1 AND user_id = $2 RETURNING `+userColumns,
			w.tenant(), id.String(), change.Name, name, roleID, change.Status).QueryRow(into(&u, scanUser))
		w.requireOwner()
		w.audit(entry) // before the actor's key may go
		if change.Status != nil {
			w.userSetChanges()
		}
		if change.Status != nil && *change.Status == cell.UserDisabled {
			w.Queue(`DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), id.String())
			w.endSessions(id, time.Now())
			w.Queue(`DELETE FROM api_keys WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), id.String())
		}
	})
	return u, err
}

// DeleteUser removes a user and its API keys. The tenant keeps at least one
// active owner.
func (s *Store) DeleteUser(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.lockOwners()
		w.lockUser(id, pre, nil)
		w.audit(entry) // before the actor's key may go with the actor
		w.Queue(`DELETE FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), id.String())
		w.userSetChanges()
		w.requireOwner()
	})
}

func scanUser(r row) (cell.User, error) {
	var u cell.User
	err := r.Scan(&u.ID, &u.Email, &u.Name, &u.Role, &u.Status, &u.Version, &u.CreatedAt, &u.UpdatedAt)
	return u, err
}
