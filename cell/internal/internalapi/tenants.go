package internalapi

import (
	"context"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

// PrepareTenant implements the API.
func (s *server) PrepareTenant(ctx context.Context, r api.PrepareTenantRequestObject) (api.PrepareTenantResponseObject, error) {
	arrival, err := arrivalOf(r.TenantID, *r.Body)
	if err != nil {
		return nil, err
	}
	fence, err := s.residency.Prepare(ctx, arrival, web.RequestID(ctx))
	if err != nil {
		return nil, err
	}
	return api.PrepareTenant200JSONResponse{ResidenceJSONResponse: residenceOf(fence)}, nil
}

// ActivateTenant implements the API.
func (s *server) ActivateTenant(ctx context.Context, r api.ActivateTenantRequestObject) (api.ActivateTenantResponseObject, error) {
	fence, err := s.residency.Activate(ctx, r.TenantID, r.Body.Epoch, web.RequestID(ctx))
	if err != nil {
		return nil, err
	}
	return api.ActivateTenant200JSONResponse{ResidenceJSONResponse: residenceOf(fence)}, nil
}

// SetTenantPlan implements the API.
func (s *server) SetTenantPlan(ctx context.Context, r api.SetTenantPlanRequestObject) (api.SetTenantPlanResponseObject, error) {
	change := cell.PlanChange{TenantID: r.TenantID, Epoch: r.Body.Epoch, Plan: r.Body.Plan, Held: r.Body.Held != nil && *r.Body.Held, Version: r.Body.Version}
	if err := s.residency.SetPlan(ctx, change, web.RequestID(ctx)); err != nil {
		return nil, err
	}
	return api.SetTenantPlan204Response{}, nil
}

// RemoveTenant implements the API.
func (s *server) RemoveTenant(ctx context.Context, r api.RemoveTenantRequestObject) (api.RemoveTenantResponseObject, error) {
	if err := s.residency.Remove(ctx, r.TenantID, r.Params.Epoch); err != nil {
		return nil, err
	}
	return api.RemoveTenant204Response{}, nil
}

// AdmitTenants implements the API.
func (s *server) AdmitTenants(ctx context.Context, r api.AdmitTenantsRequestObject) (api.AdmitTenantsResponseObject, error) {
	arrivals := make([]cell.Arrival, len(r.Body.Tenants))
	for i, t := range r.Body.Tenants {
		arrival, err := arrivalOf(t.TenantID, api.Arrival{
			Slug: t.Slug, Epoch: t.Epoch, Plan: t.Plan, Organization: t.Organization, Owner: t.Owner, OwnerKeyHash: t.OwnerKeyHash,
		})
		if err != nil {
			return nil, err
		}
		arrivals[i] = arrival
	}
	outcomes, err := s.residency.AdmitAll(ctx, arrivals, web.RequestID(ctx))
	if err != nil {
		return nil, err
	}
	result := api.AdmitTenants200JSONResponse{Results: make([]api.BatchOutcome, len(outcomes))}
	for i, o := range outcomes {
		result.Results[i] = api.BatchOutcome{TenantID: o.TenantID, State: api.State(o.State)}
		if o.Problem != "" {
			result.Results[i].Error = &outcomes[i].Problem
		}
	}
	return result, nil
}

const defaultInventoryPage = 1000

// ListTenants implements the API.
func (s *server) ListTenants(ctx context.Context, r api.ListTenantsRequestObject) (api.ListTenantsResponseObject, error) {
	var after tenancy.ID
	if r.Params.After != nil {
		after = *r.Params.After
	}
	limit := defaultInventoryPage
	if r.Params.Limit != nil {
		limit = int(*r.Params.Limit)
	}
	lines, next, err := s.residency.List(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	answer := api.ListTenants200JSONResponse{Tenants: make([]api.InventoryLine, len(lines))}
	for i, line := range lines {
		answer.Tenants[i] = api.InventoryLine{
			TenantID: line.TenantID, State: api.State(line.State), Epoch: line.Epoch, MovedTo: line.MovedTo, MovedEpoch: line.MovedEpoch,
			Slug: string(line.Slug), Plan: line.Plan, Held: line.Held, Organization: line.Organization,
		}
	}
	if !next.IsZero() {
		answer.Next = &next
	}
	return answer, nil
}
