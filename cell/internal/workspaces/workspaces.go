package workspaces

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// WorkspaceStore keeps the tenant's workspaces. It is an interface because
// use-cases do not know the database.
type WorkspaceStore interface {
	ListWorkspaces(ctx context.Context, call *cell.Call, member uuid.UUID, page cell.PageRequest) ([]cell.Workspace, error)
	GetWorkspace(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Workspace, error)
	CreateWorkspace(ctx context.Context, call *cell.Call, workspace cell.Workspace, entry cell.AuditEntry) (cell.Workspace, error)
	UpdateWorkspace(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.WorkspaceChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Workspace, error)
	DeleteWorkspace(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
}

// Workspaces are the use-cases of workspaces.
type Workspaces struct{ Store WorkspaceStore }

// List returns a page of workspaces, oldest first; those of one member unless it
// is zero.
func (w Workspaces) List(ctx context.Context, call *cell.Call, member uuid.UUID, req cell.PageRequest) (cell.Page[cell.Workspace], error) {
	rows, err := w.Store.ListWorkspaces(ctx, call, member, req)
	return page(rows, err, req.Limit, func(w cell.Workspace) uuid.UUID { return w.ID })
}

// Get returns one workspace.
func (w Workspaces) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Workspace, error) {
	return w.Store.GetWorkspace(ctx, call, id)
}

// Create adds a workspace with the given name and description.
func (w Workspaces) Create(ctx context.Context, call *cell.Call, workspace cell.Workspace) (cell.Workspace, error) {
	if err := checkWorkspace(&workspace.Name, &workspace.Description); err != nil {
		return cell.Workspace{}, err
	}
	workspace.ID = newID()
	return w.Store.CreateWorkspace(ctx, call, workspace, workspaceEntry("workspace.created", workspace.ID, map[string]any{"name": workspace.Name}))
}

// Update changes a workspace.
func (w Workspaces) Update(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.WorkspaceChange, pre cell.Precondition) (cell.Workspace, error) {
	if err := checkWorkspace(change.Name, change.Description); err != nil {
		return cell.Workspace{}, err
	}
	details := map[string]any{}
	set(details, "name", change.Name)
	set(details, "description", change.Description)
	return w.Store.UpdateWorkspace(ctx, call, id, change, pre, workspaceEntry("workspace.updated", id, details))
}

// Delete removes a workspace, which must not have projects any more.
func (w Workspaces) Delete(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	return w.Store.DeleteWorkspace(ctx, call, id, pre, workspaceEntry("workspace.deleted", id, map[string]any{}))
}

func checkWorkspace(name, description *string) error {
	var r rules
	r.name(name)
	r.description(description)
	return r.err()
}

func workspaceEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "workspace", SubjectID: id, Details: details}
}
