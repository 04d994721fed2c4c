package workspaces

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// RoleStore keeps the roles that the tenant made, and knows who calls. It is an
// interface because use-cases do not know the database.
type RoleStore interface {
	ListRoles(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.CustomRole, error)
	GetRole(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.CustomRole, error)
	CreateRole(ctx context.Context, call *cell.Call, role cell.CustomRole, entry cell.AuditEntry) (cell.CustomRole, error)
	UpdateRole(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.CustomRoleChange, pre cell.Precondition, entry cell.AuditEntry) (cell.CustomRole, error)
	DeleteRole(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
}

// Callers tells who calls. It is an interface because use-cases do not know the
// database, and apart from RoleStore because it needs no role.
type Callers interface {
	Identify(ctx context.Context, call *cell.Call) (cell.Actor, error)
}

// Roles are the use-cases of roles and rights.
type Roles struct {
	Store   RoleStore
	Callers Callers
}

// Identify returns who calls, if the call passes the fence and has its
// permission.
func (r Roles) Identify(ctx context.Context, call *cell.Call) (cell.Actor, error) {
	return r.Callers.Identify(ctx, call)
}

// List returns a page of the tenant's own roles, oldest first.
func (r Roles) List(ctx context.Context, call *cell.Call, req cell.PageRequest) (cell.Page[cell.CustomRole], error) {
	rows, err := r.Store.ListRoles(ctx, call, req)
	return page(rows, err, req.Limit, func(r cell.CustomRole) uuid.UUID { return r.ID })
}

// Get returns one of the tenant's own roles.
func (r Roles) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.CustomRole, error) {
	return r.Store.GetRole(ctx, call, id)
}

// Create adds a role with the given name, description and permissions.
func (r Roles) Create(ctx context.Context, call *cell.Call, role cell.CustomRole) (cell.CustomRole, error) {
	if err := checkRole(&role.Name, &role.Description, role.Permissions); err != nil {
		return cell.CustomRole{}, err
	}
	role.ID, role.Permissions = newID(), sorted(role.Permissions)
	details := map[string]any{"name": role.Name, "permissions": role.Permissions}
	return r.Store.CreateRole(ctx, call, role, roleEntry("role.created", role.ID, details))
}

// Update changes a role.
func (r Roles) Update(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.CustomRoleChange, pre cell.Precondition) (cell.CustomRole, error) {
	if err := checkRole(change.Name, change.Description, change.Permissions); err != nil {
		return cell.CustomRole{}, err
	}
	details := map[string]any{}
	set(details, "name", change.Name)
	set(details, "description", change.Description)
	if change.Permissions != nil {
		change.Permissions = sorted(change.Permissions)
		details["permissions"] = change.Permissions
	}
	return r.Store.UpdateRole(ctx, call, id, change, pre, roleEntry("role.updated", id, details))
}

// Delete removes a role that nobody has.
func (r Roles) Delete(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	return r.Store.DeleteRole(ctx, call, id, pre, roleEntry("role.deleted", id, map[string]any{}))
}

func checkRole(name, description *string, permissions []cell.Permission) error {
	var r rules
	r.name(name)
	if name != nil && (cell.Role(strings.ToLower(*name)).BuiltIn() || strings.EqualFold(*name, "custom")) {
		r.breakRule("/name", "is the name of a built-in role")
	}
	r.description(description)
	r.permissions("/permissions", permissions)
	return r.err()
}

// sorted returns each of the names once. It is never nil, which could mean that
// nothing is changed.
func sorted[T ~string](names []T) []T {
	list := append([]T{}, names...)
	slices.Sort(list)
	return slices.Compact(list)
}

func roleEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "role", SubjectID: id, Details: details}
}
