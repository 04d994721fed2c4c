package httpapi

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// PingWebhookEndpoint implements the API.
func (s *server) PingWebhookEndpoint(ctx context.Context, r api.PingWebhookEndpointRequestObject) (api.PingWebhookEndpointResponseObject, error) {
	made, err := s.Deliveries.Ping(ctx, callFrom(ctx), r.EndpointID)
	if err != nil {
		return nil, err
	}
	return api.PingWebhookEndpoint202JSONResponse(deliveryOf(made)), nil
}

// ListWebhookDeliveries implements the API.
func (s *server) ListWebhookDeliveries(ctx context.Context, r api.ListWebhookDeliveriesRequestObject) (api.ListWebhookDeliveriesResponseObject, error) {
	call, list := callFrom(ctx), "deliveries:"+r.EndpointID.String()
	req, err := pageRequest(call, list, r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	var filter cell.DeliveryFilter
	if r.Params.State != nil {
		filter.State = cell.DeliveryState(*r.Params.State)
	}
	page, err := s.Deliveries.List(ctx, call, r.EndpointID, filter, req)
	if err != nil {
		return nil, err
	}
	answer := api.ListWebhookDeliveries200JSONResponse{Items: make([]api.WebhookDelivery, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, list, page.Next)}
	for _, d := range page.Items {
		answer.Items = append(answer.Items, deliveryOf(d))
	}
	return answer, nil
}

// GetWebhookDelivery implements the API.
func (s *server) GetWebhookDelivery(ctx context.Context, r api.GetWebhookDeliveryRequestObject) (api.GetWebhookDeliveryResponseObject, error) {
	delivery, attempts, err := s.Deliveries.Get(ctx, callFrom(ctx), r.EndpointID, r.EventID)
	if err != nil {
		return nil, err
	}
	log := api.GetWebhookDelivery200JSONResponse{Delivery: deliveryOf(delivery), Attempts: make([]api.WebhookAttempt, 0, len(attempts))}
	for _, a := range attempts {
		attempt := api.WebhookAttempt{
			No: a.No, At: a.At.UTC(), DurationMs: a.Duration.Milliseconds(), Error: orNil(a.Error), Response: orNil(a.Response),
		}
		if a.Status != 0 {
			attempt.Status = &a.Status
		}
		log.Attempts = append(log.Attempts, attempt)
	}
	return log, nil
}

// ReplayWebhookDelivery implements the API.
func (s *server) ReplayWebhookDelivery(ctx context.Context, r api.ReplayWebhookDeliveryRequestObject) (api.ReplayWebhookDeliveryResponseObject, error) {
	replayed, err := s.Deliveries.Replay(ctx, callFrom(ctx), r.EndpointID, r.EventID)
	if err != nil {
		return nil, err
	}
	return api.ReplayWebhookDelivery202JSONResponse(deliveryOf(replayed)), nil
}

func deliveryOf(d cell.Delivery) api.WebhookDelivery {
	delivery := api.WebhookDelivery{
		EventID: d.EventID, Event: d.Event, State: api.WebhookDeliveryState(d.State), Attempts: d.Attempts, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
	if d.State == cell.DeliveryPending {
		delivery.NextAttemptAt = timeOrNil(d.NextAt)
	}
	return delivery
}

// timeOrNil: the zero time is none.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
