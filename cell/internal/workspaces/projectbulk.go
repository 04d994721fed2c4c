package workspaces

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// CreateAll adds all of the projects, or none. The request is one change: it
// has one audit entry, which names them.
func (p Projects) CreateAll(ctx context.Context, call *cell.Call, projects []cell.Project) ([]cell.Project, error) {
	var r rules
	ids := make([]uuid.UUID, len(projects))
	for i := range projects {
		project := &projects[i]
		r.below("/projects/"+strconv.Itoa(i), func(r *rules) { r.project(&project.Name, &project.Description, project.Tags) })
		ids[i] = newID()
		project.ID, project.Status, project.Tags = ids[i], cell.ProjectActive, sorted(project.Tags)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return p.Bulk.CreateProjects(ctx, call, projects, projectEntry("project.created", ids[0], map[string]any{"projects": ids}))
}

// ChangeAll does one thing to all of the projects, or nothing.
func (p Projects) ChangeAll(ctx context.Context, call *cell.Call, bulk cell.ProjectBulk) ([]cell.Project, error) {
	var r rules
	tagging := bulk.Action == cell.TagProjects || bulk.Action == cell.UntagProjects
	if tagging != (len(bulk.Tags) > 0) {
		r.breakRule("/tags", "name tags to add or remove, and only for that")
	}
	r.tags(bulk.Tags)
	if err := r.err(); err != nil {
		return nil, err
	}
	details := map[string]any{"projects": bulk.IDs}
	if tagging {
		details["tags"] = bulk.Tags
	}
	return p.Bulk.ChangeProjects(ctx, call, bulk, projectEntry("project."+bulk.Action.Past(), bulk.IDs[0], details))
}
