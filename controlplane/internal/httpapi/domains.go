package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

func domain(d controlplane.Domain) api.Domain {
	out := api.Domain{
		Domain: string(d.Name), State: api.Pending, ChallengeName: d.ChallengeName(), ChallengeValue: d.Token,
		CreatedAt: d.CreatedAt, VerifiedAt: optional(d.VerifiedAt),
	}
	if d.Verified() {
		out.State = api.Verified
	}
	return out
}

// ListDomains lists a tenant's custom domains.
func (s *server) ListDomains(ctx context.Context, r api.ListDomainsRequestObject) (api.ListDomainsResponseObject, error) {
	found, err := s.Domains.List(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.ListDomains200JSONResponse{Domains: each(found, domain)}, nil
}

// AddDomain claims a custom domain.
func (s *server) AddDomain(ctx context.Context, r api.AddDomainRequestObject) (api.AddDomainResponseObject, error) {
	d, err := s.Domains.Add(ctx, r.Tenant, r.Body.Domain)
	if err != nil {
		return nil, err
	}
	return api.AddDomain201JSONResponse(domain(d)), nil
}

// VerifyDomain verifies a custom domain.
func (s *server) VerifyDomain(ctx context.Context, r api.VerifyDomainRequestObject) (api.VerifyDomainResponseObject, error) {
	d, err := s.Domains.Verify(ctx, r.Tenant, r.Domain)
	if err != nil {
		return nil, err
	}
	return api.VerifyDomain200JSONResponse(domain(d)), nil
}

// RemoveDomain gives a custom domain up.
func (s *server) RemoveDomain(ctx context.Context, r api.RemoveDomainRequestObject) (api.RemoveDomainResponseObject, error) {
	if err := s.Domains.Remove(ctx, r.Tenant, r.Domain); err != nil {
		return nil, err
	}
	return api.RemoveDomain204Response{}, nil
}
