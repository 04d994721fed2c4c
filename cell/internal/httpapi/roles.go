package httpapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// GetMe implements the API.
func (s *server) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	call := callFrom(ctx)
	actor, err := s.Roles.Identify(ctx, call)
	if err != nil {
		return nil, err
	}
	me := api.GetMe200JSONResponse{TenantID: uuid.UUID(call.Tenant), Permissions: []string{}}
	if actor.UserID != uuid.Nil {
		role := string(actor.Role)
		me.UserID, me.Role = &actor.UserID, &role
	}
	if actor.Token != nil {
		me.Client = orNil(actor.Token.Client)
	}
	for _, p := range cell.Permissions() {
		if actor.Has(p) {
			me.Permissions = append(me.Permissions, string(p))
		}
	}
	return me, nil
}

// ListPermissions implements the API.
func (s *server) ListPermissions(ctx context.Context, _ api.ListPermissionsRequestObject) (api.ListPermissionsResponseObject, error) {
	if _, err := s.Roles.Identify(ctx, callFrom(ctx)); err != nil {
		return nil, err
	}
	list := api.ListPermissions200JSONResponse{Permissions: textsOf(cell.Permissions())}
	for _, role := range []cell.Role{cell.Owner, cell.Admin, cell.Member, cell.Viewer} {
		list.BuiltInRoles = append(list.BuiltInRoles, struct {
			Permissions []string `json:"permissions"`
			Role        string   `json:"role"`
		}{textsOf(role.Grant(nil).Permissions), string(role)})
	}
	return list, nil
}

// ListRoles implements the API.
func (s *server) ListRoles(ctx context.Context, r api.ListRolesRequestObject) (api.ListRolesResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "roles", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Roles.List(ctx, call, req)
	if err != nil {
		return nil, err
	}
	list := api.ListRoles200JSONResponse{Items: make([]api.CustomRole, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "roles", page.Next)}
	for _, item := range page.Items {
		list.Items = append(list.Items, roleOf(item))
	}
	return list, nil
}

// CreateRole implements the API.
func (s *server) CreateRole(ctx context.Context, r api.CreateRoleRequestObject) (api.CreateRoleResponseObject, error) {
	created, err := s.Roles.Create(ctx, callFrom(ctx), cell.CustomRole{
		Name: r.Body.Name, Description: orEmpty(r.Body.Description), Permissions: namesOf[cell.Permission](&r.Body.Permissions),
	})
	if err != nil {
		return nil, err
	}
	location := "/v1/roles/" + created.ID.String()
	return api.CreateRole201JSONResponse{
		Body: roleOf(created), Headers: api.CreateRole201ResponseHeaders{ETag: etag(created.Version), Location: &location},
	}, nil
}

// GetRole implements the API.
func (s *server) GetRole(ctx context.Context, r api.GetRoleRequestObject) (api.GetRoleResponseObject, error) {
	found, err := s.Roles.Get(ctx, callFrom(ctx), r.RoleID)
	if err != nil {
		return nil, err
	}
	return api.GetRole200JSONResponse{CustomRoleJSONResponse: roleAnswer(found)}, nil
}

// UpdateRole implements the API.
func (s *server) UpdateRole(ctx context.Context, r api.UpdateRoleRequestObject) (api.UpdateRoleResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	patch := patchOf(r.ApplicationMergePatchPlusJSONBody, r.JSONBody)
	changed, err := s.Roles.Update(ctx, callFrom(ctx), r.RoleID, cell.CustomRoleChange{
		Name: patch.Name, Description: patch.Description.Change(), Permissions: namesOf[cell.Permission](patch.Permissions),
	}, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateRole200JSONResponse{CustomRoleJSONResponse: roleAnswer(changed)}, nil
}

// DeleteRole implements the API.
func (s *server) DeleteRole(ctx context.Context, r api.DeleteRoleRequestObject) (api.DeleteRoleResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Roles.Delete(ctx, callFrom(ctx), r.RoleID, pre); err != nil {
		return nil, err
	}
	return api.DeleteRole204Response{}, nil
}

func roleAnswer(r cell.CustomRole) api.CustomRoleJSONResponse {
	return api.CustomRoleJSONResponse{Body: roleOf(r), Headers: api.CustomRoleResponseHeaders{ETag: etag(r.Version)}}
}

func roleOf(r cell.CustomRole) api.CustomRole {
	return api.CustomRole{
		ID: r.ID, Name: r.Name, Description: r.Description, Permissions: textsOf(r.Permissions),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}
