package internalapi

import (
	"context"
	"math"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
)

const defaultUsagePage = 1000

// ListUsageHeads implements the API.
func (s *server) ListUsageHeads(ctx context.Context, r api.ListUsageHeadsRequestObject) (api.ListUsageHeadsResponseObject, error) {
	var after cell.UsageHead
	if r.Params.After != nil {
		after.Tenant, after.Epoch = *r.Params.After, math.MaxInt64
	}
	if r.Params.AfterEpoch != nil {
		after.Epoch = *r.Params.AfterEpoch
	}
	heads, err := s.usage.UsageHeads(ctx, after, usagePage(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	answer := api.ListUsageHeads200JSONResponse{Items: make([]api.UsageHead, len(heads))}
	for i, h := range heads {
		answer.Items[i] = api.UsageHead{TenantID: h.Tenant, Epoch: h.Epoch, Sequence: h.Sequence}
	}
	return answer, nil
}

// ListTenantUsage implements the API.
func (s *server) ListTenantUsage(ctx context.Context, r api.ListTenantUsageRequestObject) (api.ListTenantUsageResponseObject, error) {
	after := cell.UsageHead{Tenant: r.TenantID, Epoch: r.Params.Epoch}
	if r.Params.After != nil {
		after.Sequence = *r.Params.After
	}
	rows, err := s.usage.UsageSince(ctx, after, usagePage(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	answer := api.ListTenantUsage200JSONResponse{Items: make([]api.UsageRow, len(rows))}
	for i, row := range rows {
		answer.Items[i] = api.UsageRow{
			Sequence: row.Sequence, Metric: api.UsageRowMetric(row.Metric), Day: openapi_types.Date{Time: row.Day}, Quantity: row.Quantity, RecordedAt: row.RecordedAt.UTC(),
		}
	}
	return answer, nil
}

func usagePage(limit *int32) int {
	if limit == nil {
		return defaultUsagePage
	}
	return int(*limit)
}
