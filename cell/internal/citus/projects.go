package citus

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const projectColumns = `project_id, workspace_id, name, description, status, tags, version, created_at, updated_at`

const (
	selectProjectSQL = `SELECT ` + projectColumns + ` FROM projects WHERE tenant_id = $1 AND project_id = $2`
	lockProjectSQL   = `SELECT version FROM projects WHERE tenant_id = $1 AND project_id = $2 FOR UPDATE`
	deleteProjectSQL = `DELETE FROM projects WHERE tenant_id = $1 AND project_id = $2`
	insertProjectSQL = `
INSERT INTO projects (tenant_id, project_id, workspace_id, name, description, status, tags) VALUES ($1, $2, $3, $4, $5, $6, $7::text[])
RETURNING ` + projectColumns
	updateProjectSQL = `
UPDATE projects SET name = coalesce($3, name), description = coalesce($4, description), status = coalesce($5, status),
	tags = coalesce($6::text[], tags), version = version + 1, updated_at = now()
WHERE tenant_id = $1 AND project_id = $2 RETURNING ` + projectColumns
)

var projectConstraints = constraints{
	"projects_name":      fault.New(fault.Conflict, "the workspace has a project with this name already"),
	"projects_workspace": fault.New(fault.Invalid, "the request breaks rules of the API").At("/workspace_id", "no such workspace"),
	"projects_tags":      fault.New(fault.Conflict, "a project has at most %d tags", cell.MaxTags),
}

// ListProjects returns projects, oldest first.
func (s *Store) ListProjects(ctx context.Context, call *cell.Call, filter cell.ProjectFilter, page cell.PageRequest) ([]cell.Project, error) {
	return list(ctx, s, call, selectProjects(filter), page, scanProject)
}

func selectProjects(filter cell.ProjectFilter) selection {
	q := rowsOf(projectColumns, `projects p`, `tenant_id`, `project_id`)
	q.parent = `workspace_id = ?`
	if filter.WorkspaceID != uuid.Nil {
		q.and(`workspace_id = `, filter.WorkspaceID.String())
	}
	if filter.Status != "" {
		q.and(`status = `, string(filter.Status))
	}
	if filter.Tag != "" {
		q.and(`tags @> `, []string{filter.Tag})
	}
	found, args := matching(filter.Terms, q.args)
	q.where, q.args = q.where+found, args
	return q
}

// GetProject returns one project.
func (s *Store) GetProject(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Project, error) {
	var p cell.Project
	err := s.read(ctx, call, func(w *work) {
		w.Queue(selectProjectSQL, w.tenant(), id.String()).QueryRow(into(&p, scanProject))
	})
	return p, err
}

// CreateProject adds a project to a workspace.
func (s *Store) CreateProject(ctx context.Context, call *cell.Call, project cell.Project, entry cell.AuditEntry) (cell.Project, error) {
	var p cell.Project
	err := s.write(ctx, call, projectConstraints, func(w *work) {
		w.changes = changesData
		w.insertProject(project, &p)
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
		w.Queue(updateProjectSQL, w.tenant(), id.String(), change.Name, change.Description, change.Status, tagsColumn(change.Tags)).
			QueryRow(into(&p, scanProject))
		w.replaceTerms(id, nameTerms, change.Name)
		w.replaceTerms(id, descriptionTerms, change.Description)
		w.audit(entry)
	})
	return p, err
}

// DeleteProject removes a project.
func (s *Store) DeleteProject(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesData
		w.lockProject(id, pre)
		w.Queue(deleteProjectSQL, w.tenant(), id.String())
		w.audit(entry)
	})
}

func (w *work) insertProject(p cell.Project, made *cell.Project) {
	w.Queue(insertProjectSQL, w.tenant(), p.ID.String(), p.WorkspaceID.String(), p.Name, p.Description, string(p.Status), texts(p.Tags)).
		QueryRow(into(made, scanProject))
	w.addTerms(p.ID, nameTerms, p.Name)
	w.addTerms(p.ID, descriptionTerms, p.Description)
}

// tagsColumn is null if the tags remain.
func tagsColumn(tags *[]string) []string {
	if tags == nil {
		return nil
	}
	return texts(*tags)
}

func (w *work) lockProject(id uuid.UUID, pre cell.Precondition) {
	w.Queue(lockProjectSQL, w.tenant(), id.String()).QueryRow(precondition(pre))
}

func scanProject(r row) (cell.Project, error) {
	var p cell.Project
	err := r.Scan(&p.ID, &p.WorkspaceID, &p.Name, &p.Description, &p.Status, &p.Tags, &p.Version, &p.CreatedAt, &p.UpdatedAt)
	return p, err
}
