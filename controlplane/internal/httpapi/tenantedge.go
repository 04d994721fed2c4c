package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

func edgePolicyAnswer(t controlplane.Tenant) api.EdgePolicyAnswerJSONResponse {
	policy := directory.EdgePolicy{}
	if t.Edge != nil {
		policy = *t.Edge
		policy.Access = directory.FullAccess // not the tenant's to put
	}
	return api.EdgePolicyAnswerJSONResponse{Body: policy, Headers: api.EdgePolicyAnswerResponseHeaders{ETag: etag(t)}}
}

// GetEdgePolicy shows a tenant's edge policy.
func (s *server) GetEdgePolicy(ctx context.Context, r api.GetEdgePolicyRequestObject) (api.GetEdgePolicyResponseObject, error) {
	t, err := s.Tenants.Get(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.GetEdgePolicy200JSONResponse{EdgePolicyAnswerJSONResponse: edgePolicyAnswer(t)}, nil
}

// PutEdgePolicy replaces a tenant's edge policy.
func (s *server) PutEdgePolicy(ctx context.Context, r api.PutEdgePolicyRequestObject) (api.PutEdgePolicyResponseObject, error) {
	version, err := ifVersion(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	t, err := s.Tenants.SetEdge(ctx, r.Tenant, r.Body, version)
	if err != nil {
		return nil, err
	}
	return api.PutEdgePolicy200JSONResponse{EdgePolicyAnswerJSONResponse: edgePolicyAnswer(t)}, nil
}

// DeleteEdgePolicy clears a tenant's edge policy.
func (s *server) DeleteEdgePolicy(ctx context.Context, r api.DeleteEdgePolicyRequestObject) (api.DeleteEdgePolicyResponseObject, error) {
	version, err := ifVersion(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	t, err := s.Tenants.SetEdge(ctx, r.Tenant, nil, version)
	if err != nil {
		return nil, err
	}
	return api.DeleteEdgePolicy204Response{Headers: api.DeleteEdgePolicy204ResponseHeaders{ETag: etag(t)}}, nil
}

// UpdateTenant changes a tenant's plan.
func (s *server) UpdateTenant(ctx context.Context, r api.UpdateTenantRequestObject) (api.UpdateTenantResponseObject, error) {
	version, err := ifVersion(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	t, err := s.Tenants.SetPlan(ctx, r.Tenant, orDefault(r.Body.Plan, ""), version)
	if err != nil {
		return nil, err
	}
	return api.UpdateTenant200JSONResponse{TenantAnswerJSONResponse: tenantAnswer(t)}, nil
}
