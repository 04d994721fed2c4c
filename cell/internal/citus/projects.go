package citus

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const projectColumns = `project_id, workspace_id, name, description, status, version, created_at, updated_at`

var projectConstraints = constraints{
	"projects_name":      fault.New(fault.Conflict, "the workspace has a project with this name already"),
	"projects_workspace": fault.New(fault.Invalid, "the request breaks rules of the API").At("/workspace_id", "no such workspace"),
}

// ListProjects returns projects, oldest first.
func (s *Store) ListProjects(ctx context.Context, call *cell.Call, filter cell.ProjectFilter, page cell.PageRequest) ([]cell.Project, error) {
	query := `SELECT ` + projectColumns + ` FROM projects WHERE tenant_id = $1 AND project_id > $2`
	args := []any{call.Tenant.String(), page.After.String(), page.Limit + 1}
	if filter.WorkspaceID != uuid.Nil {
		args = append(args, filter.WorkspaceID.String())
		query += ` AND workspace_id = ` + placeholder(len(args))
	}
	if filter.Status != "" {
		args = append(args, string(filter.Status))
		query += ` AND status = ` + placeholder(len(args))
	}
	var projects []cell.Project
	err := s.read(ctx, call, func(w *work) {
		w.Queue(query+` ORDER BY project_id LIMIT $3`, args...).Query(collect(&projects, scanProject))
	})
	return projects, err
}

// GetProject returns one project.
func (s *Store) GetProject(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Project, error) {
	var p cell.Project
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+projectColumns+` FROM projects WHERE tenant_id = $1 AND project_id = $2`, w.tenant(), id.String()).
			QueryRow(into(&p, scanProject))
	})
	return p, err
}

// CreateProject adds a project to a workspace.
func (s *Store) CreateProject(ctx context.Context, call *cell.Call, project cell.Project, entry cell.AuditEntry) (cell.Project, error) {
	var p cell.Project
	err := s.write(ctx, call, projectConstraints, func(w *work) {
		w.changes = changesData
		w.Queue(`INSERT INTO projects (tenant_id, project_id, workspace_id, name, description, status) VALUES ($1, $2, $3, $4, $5, $6)
			RETURNING `+projectColumns, w.tenant(), project.ID.String(), project.WorkspaceID.String(), project.Name, project.Description,
			string(project.Status)).QueryRow(into(&p, scanProject))
		w.audit(entry)
	})
	return p, err
}

// UpdateProject changes a project if its version meets the precondition.
func (s *Store) UpdateProject(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.ProjectChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Project, error) {
	var p cell.Project
	err := s.write(ctx, call, projectConstraints, func(w *work) {
		w.changes = changesData
		w.lockProject(id, pre)
		w.Queue(`UPDATE projects SET name = coalesce($3, name), description = coalesce($4, description), status = coalesce($5, status),
			version = version + 1, updated_at = now() WHERE tenant_id = $1 AND project_id = $2 RETURNING `+projectColumns,
			w.tenant(), id.String(), change.Name, change.Description, change.Status).QueryRow(into(&p, scanProject))
		w.audit(entry)
	})
	return p, err
}

// DeleteProject removes a project.
func (s *Store) DeleteProject(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesData
		w.lockProject(id, pre)
		w.Queue(`DELETE FROM projects WHERE tenant_id = $1 AND project_id = $2`, w.tenant(), id.String())
		w.audit(entry)
	})
}

func (w *work) lockProject(id uuid.UUID, pre cell.Precondition) {
	w.Queue(`SELECT version FROM projects WHERE tenant_id = $1 AND project_id = $2 FOR UPDATE`, w.tenant(), id.String()).
		QueryRow(precondition(pre))
}

func scanProject(r row) (cell.Project, error) {
	var p cell.Project
	err := r.Scan(&p.ID, &p.WorkspaceID, &p.Name, &p.Description, &p.Status, &p.Version, &p.CreatedAt, &p.UpdatedAt)
	return p, err
}
