package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// CreateProjects implements the API.
func (s *server) CreateProjects(ctx context.Context, r api.CreateProjectsRequestObject) (api.CreateProjectsResponseObject, error) {
	made, err := s.Projects.CreateAll(ctx, callFrom(ctx), listOf(r.Body.Projects, newProject))
	if err != nil {
		return nil, err
	}
	return api.CreateProjects201JSONResponse{Items: listOf(made, projectOf)}, nil
}

// ChangeProjects implements the API.
func (s *server) ChangeProjects(ctx context.Context, r api.ChangeProjectsRequestObject) (api.ChangeProjectsResponseObject, error) {
	changed, err := s.Projects.ChangeAll(ctx, callFrom(ctx), cell.ProjectBulk{
		Action: cell.ProjectAction(r.Body.Action), IDs: r.Body.ProjectIds, Tags: namesOf[string](r.Body.Tags),
	})
	if err != nil {
		return nil, err
	}
	return api.ChangeProjects200JSONResponse{Items: listOf(changed, projectOf)}, nil
}
