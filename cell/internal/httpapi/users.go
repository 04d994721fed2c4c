package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListUsers implements the API.
func (s *server) ListUsers(ctx context.Context, r api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "users", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Users.List(ctx, call, cell.UserFilter{Text: orEmpty(r.Params.Q), Status: cell.UserStatus(orEmpty(r.Params.Status))}, req)
	if err != nil {
		return nil, err
	}
	list := api.ListUsers200JSONResponse{Items: make([]api.User, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "users", page.Next)}
	for _, item := range page.Items {
		list.Items = append(list.Items, userOf(item))
	}
	return list, nil
}

// CreateUser implements the API.
func (s *server) CreateUser(ctx context.Context, r api.CreateUserRequestObject) (api.CreateUserResponseObject, error) {
	created, err := s.Users.Create(ctx, callFrom(ctx), cell.User{Email: r.Body.Email, Name: r.Body.Name, Role: cell.Role(r.Body.Role)})
	if err != nil {
		return nil, err
	}
	location := "/v1/users/" + created.ID.String()
	return api.CreateUser201JSONResponse{
		Body: userOf(created), Headers: api.CreateUser201ResponseHeaders{ETag: etag(created.Version), Location: &location},
	}, nil
}

// GetUser implements the API.
func (s *server) GetUser(ctx context.Context, r api.GetUserRequestObject) (api.GetUserResponseObject, error) {
	found, err := s.Users.Get(ctx, callFrom(ctx), r.UserID)
	if err != nil {
		return nil, err
	}
	return api.GetUser200JSONResponse{UserJSONResponse: userAnswer(found)}, nil
}

// UpdateUser implements the API.
func (s *server) UpdateUser(ctx context.Context, r api.UpdateUserRequestObject) (api.UpdateUserResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	patch := patchOf(r.ApplicationMergePatchPlusJSONBody, r.JSONBody)
	changed, err := s.Users.Update(ctx, callFrom(ctx), r.UserID, cell.UserChange{
		Name: patch.Name, Role: (*cell.Role)(patch.Role), Status: (*cell.UserStatus)(patch.Status),
	}, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateUser200JSONResponse{UserJSONResponse: userAnswer(changed)}, nil
}

// DeleteUser implements the API.
func (s *server) DeleteUser(ctx context.Context, r api.DeleteUserRequestObject) (api.DeleteUserResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Users.Delete(ctx, callFrom(ctx), r.UserID, pre); err != nil {
		return nil, err
	}
	return api.DeleteUser204Response{}, nil
}

// EraseUser implements the API.
func (s *server) EraseUser(ctx context.Context, r api.EraseUserRequestObject) (api.EraseUserResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Users.Erase(ctx, callFrom(ctx), r.UserID, pre); err != nil {
		return nil, err
	}
	return api.EraseUser204Response{}, nil
}

func userAnswer(u cell.User) api.UserJSONResponse {
	return api.UserJSONResponse{Body: userOf(u), Headers: api.UserResponseHeaders{ETag: etag(u.Version)}}
}

func userOf(u cell.User) api.User {
	return api.User{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: api.Role(u.Role), Status: api.UserStatus(u.Status),
		CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
}
