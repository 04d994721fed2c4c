package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// SignUp signs a tenant up.
func (s *server) SignUp(ctx context.Context, r api.SignUpRequestObject) (api.SignUpResponseObject, error) {
	slug, err := tenancy.ParseSlug(r.Body.Slug)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the request breaks rules of the API").At("/slug", "%v", err)
	}
	result, err := s.Onboarding.SignUp(ctx, r.Params.IdempotencyKey, controlplane.SignupRequest{
		Organization: r.Body.Organization, Slug: slug, Residency: orDefault(r.Body.Region, ""),
		Plan:  orDefault(r.Body.Plan, controlplane.DefaultPlan),
		Owner: controlplane.Owner{Name: r.Body.Owner.Name, Email: r.Body.Owner.Email},
	})
	if err != nil {
		return nil, err
	}
	return api.SignUp201JSONResponse{Tenant: result.Tenant.Assignment, URL: result.URL, APIKey: result.APIKey}, nil
}
