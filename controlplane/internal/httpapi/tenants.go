package httpapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/directory"
	edge "github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func tenant(t controlplane.Tenant) api.Tenant {
	out := api.Tenant{
		TenantID: t.TenantID, Slug: string(t.Slug), Organization: t.Organization, Cell: t.Cell, Region: t.Region, Residency: optional(t.Residency),
		State: t.State, Epoch: t.Epoch, Plan: t.Plan, Version: t.Version, PlacementReason: optional(t.PlacementReason),
		SuspendedReason: optional(t.SuspendedReason), Access: optional(api.TenantAccess(edge.AccessOf(t.Edge))), DeleteAfter: optional(t.DeleteAfter), CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
	if len(t.Domains) > 0 {
		domains := each(t.Domains, func(d tenancy.Domain) string { return string(d) })
		out.Domains = &domains
	}
	return out
}

func tenantAnswer(t controlplane.Tenant) api.TenantAnswerJSONResponse {
	return api.TenantAnswerJSONResponse{Body: tenant(t), Headers: api.TenantAnswerResponseHeaders{ETag: etag(t)}}
}

func etag(t controlplane.Tenant) *string {
	tag := `"` + strconv.FormatUint(t.Version, 10) + `"`
	return &tag
}

// ifVersion reads If-Match: the version that the tenant must have, or any.
func ifVersion(ifMatch *string) (uint64, error) {
	if ifMatch == nil || *ifMatch == "*" {
		return directory.AnyVersion, nil
	}
	version, err := strconv.ParseUint(strings.Trim(*ifMatch, `"`), 10, 64)
	if err != nil || version == directory.AnyVersion {
		return 0, fault.New(fault.Stale, "no tenant has this ETag")
	}
	return version, nil
}

// ListTenants lists tenants, oldest first.
func (s *server) ListTenants(ctx context.Context, r api.ListTenantsRequestObject) (api.ListTenantsResponseObject, error) {
	page, err := pageOf(r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Tenants.List(ctx, controlplane.TenantFilter{
		Cell: orDefault(r.Params.Cell, ""), State: orDefault(r.Params.State, ""), Plan: orDefault(r.Params.Plan, ""), Slug: orDefault(r.Params.Slug, ""),
	}, page)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, page, func(t controlplane.Tenant) string { return t.TenantID.String() })
	return api.ListTenants200JSONResponse{Tenants: each(found, tenant), NextCursor: next}, nil
}

// GetTenant shows a tenant.
func (s *server) GetTenant(ctx context.Context, r api.GetTenantRequestObject) (api.GetTenantResponseObject, error) {
	t, err := s.Tenants.Get(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.GetTenant200JSONResponse{TenantAnswerJSONResponse: tenantAnswer(t)}, nil
}

// SuspendTenant suspends a tenant.
func (s *server) SuspendTenant(ctx context.Context, r api.SuspendTenantRequestObject) (api.SuspendTenantResponseObject, error) {
	version, err := ifVersion(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	reason := ""
	if r.Body != nil {
		reason = orDefault(r.Body.Reason, "")
	}
	t, err := s.Tenants.Suspend(ctx, r.Tenant, reason, version)
	if err != nil {
		return nil, err
	}
	return api.SuspendTenant200JSONResponse{TenantAnswerJSONResponse: tenantAnswer(t)}, nil
}

// ResumeTenant resumes a tenant.
func (s *server) ResumeTenant(ctx context.Context, r api.ResumeTenantRequestObject) (api.ResumeTenantResponseObject, error) {
	version, err := ifVersion(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	t, err := s.Tenants.Resume(ctx, r.Tenant, version)
	if err != nil {
		return nil, err
	}
	return api.ResumeTenant200JSONResponse{TenantAnswerJSONResponse: tenantAnswer(t)}, nil
}

// DeleteTenant deletes a tenant after a grace period.
func (s *server) DeleteTenant(ctx context.Context, r api.DeleteTenantRequestObject) (api.DeleteTenantResponseObject, error) {
	version, err := ifVersion(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	grace := controlplane.DefaultGrace
	if r.Params.GraceHours != nil {
		grace = time.Duration(*r.Params.GraceHours) * time.Hour
	}
	t, err := s.Tenants.Delete(ctx, r.Tenant, grace, version)
	if err != nil {
		return nil, err
	}
	return api.DeleteTenant200JSONResponse{TenantAnswerJSONResponse: tenantAnswer(t)}, nil
}
