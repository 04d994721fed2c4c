package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListProjects implements the API.
func (s *server) ListProjects(ctx context.Context, r api.ListProjectsRequestObject) (api.ListProjectsResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "projects", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Projects.List(ctx, call, projectFilter(r.Params), req)
	if err != nil {
		return nil, err
	}
	list := api.ListProjects200JSONResponse{Items: make([]api.Project, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "projects", page.Next)}
	for _, item := range page.Items {
		list.Items = append(list.Items, projectOf(item))
	}
	return list, nil
}

// CreateProject implements the API.
func (s *server) CreateProject(ctx context.Context, r api.CreateProjectRequestObject) (api.CreateProjectResponseObject, error) {
	created, err := s.Projects.Create(ctx, callFrom(ctx), newProject(*r.Body))
	if err != nil {
		return nil, err
	}
	location := "/v1/projects/" + created.ID.String()
	return api.CreateProject201JSONResponse{
		Body: projectOf(created), Headers: api.CreateProject201ResponseHeaders{ETag: etag(created.Version), Location: &location},
	}, nil
}

// GetProject implements the API.
func (s *server) GetProject(ctx context.Context, r api.GetProjectRequestObject) (api.GetProjectResponseObject, error) {
	found, err := s.Projects.Get(ctx, callFrom(ctx), r.ProjectID)
	if err != nil {
		return nil, err
	}
	return api.GetProject200JSONResponse{ProjectJSONResponse: projectAnswer(found)}, nil
}

// UpdateProject implements the API.
func (s *server) UpdateProject(ctx context.Context, r api.UpdateProjectRequestObject) (api.UpdateProjectResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	patch := patchOf(r.ApplicationMergePatchPlusJSONBody, r.JSONBody)
	changed, err := s.Projects.Update(ctx, callFrom(ctx), r.ProjectID, cell.ProjectChange{
		Name: patch.Name, Description: patch.Description.Change(), Status: (*cell.ProjectStatus)(patch.Status), Tags: patch.Tags.Change(),
	}, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateProject200JSONResponse{ProjectJSONResponse: projectAnswer(changed)}, nil
}

// DeleteProject implements the API.
func (s *server) DeleteProject(ctx context.Context, r api.DeleteProjectRequestObject) (api.DeleteProjectResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Projects.Delete(ctx, callFrom(ctx), r.ProjectID, pre); err != nil {
		return nil, err
	}
	return api.DeleteProject204Response{}, nil
}

func newProject(p api.ProjectCreate) cell.Project {
	return cell.Project{WorkspaceID: p.WorkspaceID, Name: p.Name, Description: orEmpty(p.Description), Tags: namesOf[string](p.Tags)}
}

func projectFilter(params api.ListProjectsParams) cell.ProjectFilter {
	f := cell.ProjectFilter{Tag: orEmpty(params.Tag), Terms: cell.QueryTerms(orEmpty(params.Q))}
	if params.WorkspaceID != nil {
		f.WorkspaceID = *params.WorkspaceID
	}
	if params.Status != nil {
		f.Status = cell.ProjectStatus(*params.Status)
	}
	return f
}

func projectAnswer(p cell.Project) api.ProjectJSONResponse {
	return api.ProjectJSONResponse{Body: projectOf(p), Headers: api.ProjectResponseHeaders{ETag: etag(p.Version)}}
}

func projectOf(p cell.Project) api.Project {
	return api.Project{
		ID: p.ID, WorkspaceID: p.WorkspaceID, Name: p.Name, Description: p.Description, Status: api.ProjectStatus(p.Status), Tags: textsOf(p.Tags),
		CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}
