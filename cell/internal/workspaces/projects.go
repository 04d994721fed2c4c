package workspaces

import (
	"context"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// ProjectStore keeps the tenant's projects. It is an interface because
// use-cases do not know the database.
type ProjectStore interface {
	ListProjects(ctx context.Context, call *cell.Call, filter cell.ProjectFilter, page cell.PageRequest) ([]cell.Project, error)
	GetProject(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Project, error)
	CreateProject(ctx context.Context, call *cell.Call, project cell.Project, entry cell.AuditEntry) (cell.Project, error)
	UpdateProject(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.ProjectChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Project, error)
	DeleteProject(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
}

// ProjectBulkStore changes many projects at once, apart from ProjectStore
// because it does all or nothing.
type ProjectBulkStore interface {
	CreateProjects(ctx context.Context, call *cell.Call, projects []cell.Project, entry cell.AuditEntry) ([]cell.Project, error)
	ChangeProjects(ctx context.Context, call *cell.Call, bulk cell.ProjectBulk, entry cell.AuditEntry) ([]cell.Project, error)
}

// Projects are the use-cases of projects.
type Projects struct {
	Store ProjectStore
	Bulk  ProjectBulkStore
}

// List returns a page of projects, oldest first.
func (p Projects) List(ctx context.Context, call *cell.Call, filter cell.ProjectFilter, req cell.PageRequest) (cell.Page[cell.Project], error) {
	rows, err := p.Store.ListProjects(ctx, call, filter, req)
	return page(rows, err, req.Limit, func(p cell.Project) uuid.UUID { return p.ID })
}

// Get returns one project.
func (p Projects) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Project, error) {
	return p.Store.GetProject(ctx, call, id)
}

// Create adds an active project with the given name and description to a workspace.
func (p Projects) Create(ctx context.Context, call *cell.Call, project cell.Project) (cell.Project, error) {
	if err := checkProject(&project.Name, &project.Description, project.Tags); err != nil {
		return cell.Project{}, err
	}
	project.ID, project.Status, project.Tags = newID(), cell.ProjectActive, sorted(project.Tags)
	details := map[string]any{"name": project.Name, "workspace_id": project.WorkspaceID}
	return p.Store.CreateProject(ctx, call, project, projectEntry("project.created", project.ID, details))
}

// Update changes a project.
func (p Projects) Update(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.ProjectChange, pre cell.Precondition) (cell.Project, error) {
	var tags []string
	if change.Tags != nil {
		tags = sorted(*change.Tags)
		change.Tags = &tags
	}
	if err := checkProject(change.Name, change.Description, tags); err != nil {
		return cell.Project{}, err
	}
	details := map[string]any{}
	set(details, "name", change.Name)
	set(details, "description", change.Description)
	set(details, "status", change.Status)
	set(details, "tags", change.Tags)
	return p.Store.UpdateProject(ctx, call, id, change, pre, projectEntry("project.updated", id, details))
}

// Delete removes a project.
func (p Projects) Delete(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	return p.Store.DeleteProject(ctx, call, id, pre, projectEntry("project.deleted", id, map[string]any{}))
}

func checkProject(name, description *string, tags []string) error {
	var r rules
	r.project(name, description, tags)
	return r.err()
}

func (r *rules) project(name, description *string, tags []string) {
	r.name(name)
	r.description(description)
	r.tags(tags)
}

func (r *rules) tags(tags []string) {
	for i, tag := range tags {
		if tag == "" || strings.TrimSpace(tag) != tag || strings.ContainsFunc(tag, unicode.IsControl) {
			r.breakRule("/tags/"+strconv.Itoa(i), "use a tag of printable characters without spaces around it")
		}
	}
}

func projectEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "project", SubjectID: id, Details: details}
}
