package citus

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const workspaceColumns = `workspace_id, name, description, version, created_at, updated_at`

var workspaceConstraints = constraints{
	"workspaces_name":    fault.New(fault.Conflict, "a workspace with this name exists already"),
	"projects_workspace": fault.New(fault.Conflict, "the workspace still has projects; delete or move them first"),
}

// ListWorkspaces returns workspaces, oldest first; those of one member unless it
// is zero.
func (s *Store) ListWorkspaces(ctx context.Context, call *cell.Call, member uuid.UUID, page cell.PageRequest) ([]cell.Workspace, error) {
	return list(ctx, s, call, selectWorkspaces(member), page, scanWorkspace)
}

func selectWorkspaces(member uuid.UUID) selection {
	q := rowsOf(workspaceColumns, `workspaces w`, `tenant_id`, `workspace_id`)
	q.parent = `EXISTS (SELECT FROM workspace_members m WHERE m.tenant_id = w.tenant_id AND m.workspace_id = w.workspace_id AND m.user_id = ?)`
	if member != uuid.Nil {
		q.where += ` AND ` + strings.ReplaceAll(q.parent, `?`, q.arg(member.String()))
	}
	return q
}

// GetWorkspace returns one workspace.
func (s *Store) GetWorkspace(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Workspace, error) {
	var ws cell.Workspace
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+workspaceColumns+` FROM workspaces WHERE tenant_id = $1 AND workspace_id = $2`, w.tenant(), id.String()).
			QueryRow(into(&ws, scanWorkspace))
	})
	return ws, err
}

// CreateWorkspace adds a workspace.
func (s *Store) CreateWorkspace(ctx context.Context, call *cell.Call, workspace cell.Workspace, entry cell.AuditEntry) (cell.Workspace, error) {
	var ws cell.Workspace
	err := s.write(ctx, call, workspaceConstraints, func(w *work) {
		w.changes = changesData
		w.Queue(`INSERT INTO workspaces (tenant_id, workspace_id, name, description) VALUES ($1, $2, $3, $4) RETURNING `+workspaceColumns,
			w.tenant(), workspace.ID.String(), workspace.Name, workspace.Description).QueryRow(into(&ws, scanWorkspace))
		w.audit(entry)
	})
	return ws, err
}

// UpdateWorkspace changes a workspace if its version meets the precondition.
func (s *Store) UpdateWorkspace(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.WorkspaceChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Workspace, error) {
	var ws cell.Workspace
	err := s.write(ctx, call, workspaceConstraints, func(w *work) {
		w.changes = changesData
		w.lockWorkspace(id, pre)
		w.Queue(`UPDATE workspaces SET name = coalesce($3, name), description = coalesce($4, description),
			version = version + 1, updated_at = now() WHERE tenant_id = $1 AND workspace_id = $2 RETURNING `+workspaceColumns,
			w.tenant(), id.String(), change.Name, change.Description).QueryRow(into(&ws, scanWorkspace))
		w.audit(entry)
	})
	return ws, err
}

// DeleteWorkspace removes a workspace without projects.
func (s *Store) DeleteWorkspace(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, workspaceConstraints, func(w *work) {
		w.changes = changesData
		w.lockWorkspace(id, pre)
		w.Queue(`DELETE FROM workspaces WHERE tenant_id = $1 AND workspace_id = $2`, w.tenant(), id.String())
		w.audit(entry)
	})
}

func (w *work) lockWorkspace(id uuid.UUID, pre cell.Precondition) {
	w.Queue(`SELECT version FROM workspaces WHERE tenant_id = $1 AND workspace_id = $2 FOR UPDATE`, w.tenant(), id.String()).
		QueryRow(precondition(pre))
}

func scanWorkspace(r row) (cell.Workspace, error) {
	var ws cell.Workspace
	err := r.Scan(&ws.ID, &ws.Name, &ws.Description, &ws.Version, &ws.CreatedAt, &ws.UpdatedAt)
	return ws, err
}
