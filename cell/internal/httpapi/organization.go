package httpapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// GetOrganization implements the API.
func (s *server) GetOrganization(ctx context.Context, _ api.GetOrganizationRequestObject) (api.GetOrganizationResponseObject, error) {
	o, err := s.Organizations.Get(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	return api.GetOrganization200JSONResponse{OrganizationJSONResponse: organizationOf(o)}, nil
}

// UpdateOrganization implements the API.
func (s *server) UpdateOrganization(ctx context.Context, r api.UpdateOrganizationRequestObject) (api.UpdateOrganizationResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	patch := patchOf(r.ApplicationMergePatchPlusJSONBody, r.JSONBody)
	o, err := s.Organizations.Update(ctx, callFrom(ctx), cell.OrganizationChange{Name: patch.Name}, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateOrganization200JSONResponse{OrganizationJSONResponse: organizationOf(o)}, nil
}

func organizationOf(o cell.Organization) api.OrganizationJSONResponse {
	return api.OrganizationJSONResponse{
		Headers: api.OrganizationResponseHeaders{ETag: etag(o.Version)},
		Body: api.Organization{
			ID: uuid.UUID(o.TenantID), Slug: string(o.Slug), Name: o.Name, Plan: o.Plan, CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(),
		},
	}
}
