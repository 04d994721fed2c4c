package httpapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListWorkspaces implements the API.
func (s *server) ListWorkspaces(ctx context.Context, r api.ListWorkspacesRequestObject) (api.ListWorkspacesResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "workspaces", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	var member uuid.UUID
	if r.Params.MemberID != nil {
		member = *r.Params.MemberID
	}
	page, err := s.Workspaces.List(ctx, call, member, req)
	if err != nil {
		return nil, err
	}
	list := api.ListWorkspaces200JSONResponse{Items: make([]api.Workspace, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "workspaces", page.Next)}
	for _, item := range page.Items {
		list.Items = append(list.Items, workspaceOf(item))
	}
	return list, nil
}

// CreateWorkspace implements the API.
func (s *server) CreateWorkspace(ctx context.Context, r api.CreateWorkspaceRequestObject) (api.CreateWorkspaceResponseObject, error) {
	created, err := s.Workspaces.Create(ctx, callFrom(ctx), cell.Workspace{Name: r.Body.Name, Description: orEmpty(r.Body.Description)})
	if err != nil {
		return nil, err
	}
	location := "/v1/workspaces/" + created.ID.String()
	return api.CreateWorkspace201JSONResponse{
		Body: workspaceOf(created), Headers: api.CreateWorkspace201ResponseHeaders{ETag: etag(created.Version), Location: &location},
	}, nil
}

// GetWorkspace implements the API.
func (s *server) GetWorkspace(ctx context.Context, r api.GetWorkspaceRequestObject) (api.GetWorkspaceResponseObject, error) {
	found, err := s.Workspaces.Get(ctx, callFrom(ctx), r.WorkspaceID)
	if err != nil {
		return nil, err
	}
	return api.GetWorkspace200JSONResponse{WorkspaceJSONResponse: workspaceAnswer(found)}, nil
}

// UpdateWorkspace implements the API.
func (s *server) UpdateWorkspace(ctx context.Context, r api.UpdateWorkspaceRequestObject) (api.UpdateWorkspaceResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	patch := patchOf(r.ApplicationMergePatchPlusJSONBody, r.JSONBody)
	changed, err := s.Workspaces.Update(ctx, callFrom(ctx), r.WorkspaceID, cell.WorkspaceChange{Name: patch.Name, Description: patch.Description.Change()}, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateWorkspace200JSONResponse{WorkspaceJSONResponse: workspaceAnswer(changed)}, nil
}

// DeleteWorkspace implements the API.
func (s *server) DeleteWorkspace(ctx context.Context, r api.DeleteWorkspaceRequestObject) (api.DeleteWorkspaceResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Workspaces.Delete(ctx, callFrom(ctx), r.WorkspaceID, pre); err != nil {
		return nil, err
	}
	return api.DeleteWorkspace204Response{}, nil
}

func orEmpty[T ~string](s *T) T {
	if s == nil {
		return ""
	}
	return *s
}

func workspaceAnswer(w cell.Workspace) api.WorkspaceJSONResponse {
	return api.WorkspaceJSONResponse{Body: workspaceOf(w), Headers: api.WorkspaceResponseHeaders{ETag: etag(w.Version)}}
}

func workspaceOf(w cell.Workspace) api.Workspace {
	return api.Workspace{
		ID: w.ID, Name: w.Name, Description: w.Description, CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
	}
}
