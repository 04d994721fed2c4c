package internalapi

import (
	"context"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
)

// ListLateUsage implements the API.
func (s *server) ListLateUsage(ctx context.Context, r api.ListLateUsageRequestObject) (api.ListLateUsageResponseObject, error) {
	batches, err := s.late.LateUsage(ctx, usagePage(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	answer := api.ListLateUsage200JSONResponse{Items: make([]api.UsageBatch, len(batches))}
	for i, b := range batches {
		answer.Items[i] = api.UsageBatch{TenantID: b.Tenant, Batch: b.ID, Items: make([]api.UsageItem, len(b.Items))}
		for j, item := range b.Items {
			answer.Items[i].Items[j] = api.UsageItem{Metric: api.UsageItemMetric(item.Metric), Day: openapi_types.Date{Time: item.Day}, Quantity: item.Quantity}
		}
	}
	return answer, nil
}

// RecordLateUsage implements the API.
func (s *server) RecordLateUsage(ctx context.Context, r api.RecordLateUsageRequestObject) (api.RecordLateUsageResponseObject, error) {
	batch := cell.UsageBatch{ID: r.Batch, Tenant: r.TenantID, Items: make([]cell.Usage, len(r.Body.Items))}
	for i, item := range r.Body.Items {
		batch.Items[i] = cell.Usage{Metric: cell.Metric(item.Metric), Day: cell.Day(item.Day.Time), Quantity: item.Quantity}
	}
	if err := s.late.RecordUsage(ctx, batch); err != nil {
		return nil, err
	}
	return api.RecordLateUsage204Response{}, nil
}

// ForgetLateUsage implements the API.
func (s *server) ForgetLateUsage(ctx context.Context, r api.ForgetLateUsageRequestObject) (api.ForgetLateUsageResponseObject, error) {
	if err := s.late.ForgetLate(ctx, r.TenantID, r.Batch); err != nil {
		return nil, err
	}
	return api.ForgetLateUsage204Response{}, nil
}
