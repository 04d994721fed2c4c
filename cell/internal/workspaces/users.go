package workspaces

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// UserStore keeps the tenant's users. It is an interface because use-cases do
// not know the database.
type UserStore interface {
	ListUsers(ctx context.Context, call *cell.Call, filter cell.UserFilter, page cell.PageRequest) ([]cell.User, error)
	GetUser(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.User, error)
	CreateUser(ctx context.Context, call *cell.Call, user cell.User, entry cell.AuditEntry) (cell.User, error)
	UpdateUser(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.UserChange, pre cell.Precondition, entry cell.AuditEntry) (cell.User, error)
	DeleteUser(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
	EraseUser(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
}

// Users are the use-cases of users. A user may erase itself without the
// permission.
type Users struct{ Store UserStore }

// List returns a page of users, oldest first.
func (u Users) List(ctx context.Context, call *cell.Call, filter cell.UserFilter, req cell.PageRequest) (cell.Page[cell.User], error) {
	rows, err := u.Store.ListUsers(ctx, call, filter, req)
	return page(rows, err, req.Limit, func(u cell.User) uuid.UUID { return u.ID })
}

// Get returns one user.
func (u Users) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.User, error) {
	return u.Store.GetUser(ctx, call, id)
}

// Create adds an active user with the given e-mail address, name and role.
func (u Users) Create(ctx context.Context, call *cell.Call, user cell.User) (cell.User, error) {
	var r rules
	r.email(user.Email)
	r.name(&user.Name)
	r.role(user.Role)
	if err := r.err(); err != nil {
		return cell.User{}, err
	}
	user.ID, user.Status = newID(), cell.UserActive
	return u.Store.CreateUser(ctx, call, user, userEntry("user.created", user.ID, map[string]any{"role": user.Role}))
}

// Update changes a user.
func (u Users) Update(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.UserChange, pre cell.Precondition) (cell.User, error) {
	var r rules
	r.name(change.Name)
	if change.Role != nil {
		r.role(*change.Role)
	}
	if err := r.err(); err != nil {
		return cell.User{}, err
	}
	details := map[string]any{"name_changed": change.Name != nil}
	set(details, "role", change.Role)
	set(details, "status", change.Status)
	return u.Store.UpdateUser(ctx, call, id, change, pre, userEntry("user.updated", id, details))
}

// Delete removes a user. Copies of its name and address that are kept for a time
// stay; see Erase.
func (u Users) Delete(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	return u.Store.DeleteUser(ctx, call, id, pre, userEntry("user.deleted", id, map[string]any{}))
}

// Erase removes a user and everything that says who it was. What it did stays in
// the log, under an id that leads nowhere.
func (u Users) Erase(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	call.Self = id
	return u.Store.EraseUser(ctx, call, id, pre, userEntry("user.erased", id, map[string]any{}))
}

// userEntry holds no name or address: the log is append-only, and a person may
// ask to be forgotten.
func userEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "user", SubjectID: id, Details: details}
}
