package cli_test

import (
	"context"
	"fmt"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// edgeAnswer is a tenant's policy as the real one answers; the caller holds the lock.
func (f *fakePlane) edgeAnswer(t *api.Tenant) api.EdgePolicyAnswerJSONResponse {
	etag := fmt.Sprintf("\"%d\"", t.Version)
	return api.EdgePolicyAnswerJSONResponse{Body: f.edges[t.TenantID], Headers: api.EdgePolicyAnswerResponseHeaders{ETag: &etag}}
}

func (f *fakePlane) GetEdgePolicy(_ context.Context, r api.GetEdgePolicyRequestObject) (api.GetEdgePolicyResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.tenant(r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.GetEdgePolicy200JSONResponse{EdgePolicyAnswerJSONResponse: f.edgeAnswer(t)}, nil
}

func (f *fakePlane) PutEdgePolicy(_ context.Context, r api.PutEdgePolicyRequestObject) (api.PutEdgePolicyResponseObject, error) {
	if err := r.Body.Validate(); err != nil {
		return nil, err
	}
	_, err := f.change(r.Tenant, r.Params.IfMatch, func(t *api.Tenant) error {
		if t.State == directory.Deleted {
			return fault.New(fault.Conflict, "the tenant is deleted; its edge policy cannot change")
		}
		t.Version++
		f.edges[t.TenantID] = *r.Body
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.PutEdgePolicy200JSONResponse{EdgePolicyAnswerJSONResponse: api.EdgePolicyAnswerJSONResponse{Body: *r.Body}}, nil
}

func (f *fakePlane) DeleteEdgePolicy(_ context.Context, r api.DeleteEdgePolicyRequestObject) (api.DeleteEdgePolicyResponseObject, error) {
	_, err := f.change(r.Tenant, r.Params.IfMatch, func(t *api.Tenant) error { delete(f.edges, t.TenantID); return nil })
	return api.DeleteEdgePolicy204Response{}, err
}

func (f *fakePlane) UpdateTenant(_ context.Context, r api.UpdateTenantRequestObject) (api.UpdateTenantResponseObject, error) {
	a, err := f.change(r.Tenant, r.Params.IfMatch, func(t *api.Tenant) error {
		switch *r.Body.Plan {
		case "enterprise":
			return fault.New(fault.Conflict, "this plan is for cells of tier enterprise; migrate the tenant first")
		case "gold":
			return fault.New(fault.Invalid, "no such plan").At("/plan", "use one of free, team")
		}
		t.Plan = *r.Body.Plan
		return nil
	})
	return api.UpdateTenant200JSONResponse{TenantAnswerJSONResponse: a}, err
}
