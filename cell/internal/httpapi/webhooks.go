package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListWebhookEndpoints implements the API.
func (s *server) ListWebhookEndpoints(ctx context.Context, _ api.ListWebhookEndpointsRequestObject) (api.ListWebhookEndpointsResponseObject, error) {
	endpoints, err := s.Endpoints.List(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	list := api.ListWebhookEndpoints200JSONResponse{Items: make([]api.WebhookEndpoint, 0, len(endpoints))}
	for _, e := range endpoints {
		list.Items = append(list.Items, endpointOf(e))
	}
	return list, nil
}

// CreateWebhookEndpoint implements the API.
func (s *server) CreateWebhookEndpoint(ctx context.Context, r api.CreateWebhookEndpointRequestObject) (api.CreateWebhookEndpointResponseObject, error) {
	call := callFrom(ctx)
	made, err := s.Endpoints.Create(ctx, call, cell.WebhookEndpoint{
		URL: r.Body.URL, Description: orEmpty(r.Body.Description), Events: eventsOf(r.Body.Events), Active: r.Body.Active == nil || *r.Body.Active,
	})
	if err != nil {
		return nil, err
	}
	location, noStore := "/v1/webhook-endpoints/"+made.ID.String(), "no-store"
	return api.CreateWebhookEndpoint201JSONResponse{
		Headers: api.CreateWebhookEndpoint201ResponseHeaders{ETag: etag(made.Version), Location: &location, CacheControl: &noStore},
		Body:    showSecret(call, made),
	}, nil
}

// GetWebhookEndpoint implements the API.
func (s *server) GetWebhookEndpoint(ctx context.Context, r api.GetWebhookEndpointRequestObject) (api.GetWebhookEndpointResponseObject, error) {
	found, err := s.Endpoints.Get(ctx, callFrom(ctx), r.EndpointID)
	if err != nil {
		return nil, err
	}
	return api.GetWebhookEndpoint200JSONResponse{WebhookEndpointJSONResponse: endpointAnswer(found)}, nil
}

// UpdateWebhookEndpoint implements the API.
func (s *server) UpdateWebhookEndpoint(ctx context.Context, r api.UpdateWebhookEndpointRequestObject) (api.UpdateWebhookEndpointResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	change := cell.WebhookChange{URL: r.Body.URL, Description: r.Body.Description, Active: r.Body.Active}
	if r.Body.Events != nil {
		events := eventsOf(r.Body.Events)
		change.Events = &events
	}
	changed, err := s.Endpoints.Update(ctx, callFrom(ctx), r.EndpointID, change, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateWebhookEndpoint200JSONResponse{WebhookEndpointJSONResponse: endpointAnswer(changed)}, nil
}

// DeleteWebhookEndpoint implements the API.
func (s *server) DeleteWebhookEndpoint(ctx context.Context, r api.DeleteWebhookEndpointRequestObject) (api.DeleteWebhookEndpointResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Endpoints.Delete(ctx, callFrom(ctx), r.EndpointID, pre); err != nil {
		return nil, err
	}
	return api.DeleteWebhookEndpoint204Response{}, nil
}

// RotateWebhookSecret implements the API.
func (s *server) RotateWebhookSecret(ctx context.Context, r api.RotateWebhookSecretRequestObject) (api.RotateWebhookSecretResponseObject, error) {
	call := callFrom(ctx)
	rotated, err := s.Endpoints.Rotate(ctx, call, r.EndpointID)
	if err != nil {
		return nil, err
	}
	noStore := "no-store"
	return api.RotateWebhookSecret200JSONResponse{
		Headers: api.RotateWebhookSecret200ResponseHeaders{ETag: etag(rotated.Version), CacheControl: &noStore}, Body: showSecret(call, rotated),
	}, nil
}

// showSecret keeps the secret out of the answer that is stored for an
// Idempotency-Key.
func showSecret(call *cell.Call, e cell.WebhookEndpoint) api.WebhookEndpointSecret {
	if call.Once != nil {
		call.Once.Secret = e.Secret.Text()
	}
	return api.WebhookEndpointSecret{Endpoint: endpointOf(e), Secret: e.Secret.Text()}
}

func endpointAnswer(e cell.WebhookEndpoint) api.WebhookEndpointJSONResponse {
	return api.WebhookEndpointJSONResponse{Body: endpointOf(e), Headers: api.WebhookEndpointResponseHeaders{ETag: etag(e.Version)}}
}

func endpointOf(e cell.WebhookEndpoint) api.WebhookEndpoint {
	endpoint := api.WebhookEndpoint{
		ID: e.ID, URL: e.URL, Description: e.Description, Events: make(api.WebhookEvents, 0, len(e.Events)), Active: e.Active,
		FailingSince: timeOrNil(e.FailingSince), DisabledReason: e.DisabledReason, CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
	for _, event := range e.Events {
		endpoint.Events = append(endpoint.Events, api.WebhookEvent(event))
	}
	return endpoint
}

func eventsOf(events *api.WebhookEvents) []string {
	list := []string{}
	if events != nil {
		for _, event := range *events {
			list = append(list, string(event))
		}
	}
	return list
}
