package httpapi

import (
	"context"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// GetUsage implements the API.
func (s *server) GetUsage(ctx context.Context, r api.GetUsageRequestObject) (api.GetUsageResponseObject, error) {
	span, days, err := s.Usage.Daily(ctx, callFrom(ctx), cell.UsageSpan{From: dayOf(r.Params.From), To: dayOf(r.Params.To)})
	if err != nil {
		return nil, err
	}
	answer := api.GetUsage200JSONResponse{From: dateOf(span.From), To: dateOf(span.To), Items: make([]api.UsageItem, 0, len(days))}
	for _, u := range days {
		answer.Items = append(answer.Items, api.UsageItem{Day: dateOf(u.Day), Metric: api.UsageItemMetric(u.Metric), Quantity: u.Quantity})
	}
	return answer, nil
}

// dayOf is zero for a day that was not sent.
func dayOf(date *openapi_types.Date) time.Time {
	if date == nil {
		return time.Time{}
	}
	return date.Time
}

func dateOf(day time.Time) openapi_types.Date { return openapi_types.Date{Time: day} }
