package webhooks

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// DeliveryStore keeps the deliveries of endpoints. It is an interface because
// use-cases do not know the database.
type DeliveryStore interface {
	ListDeliveries(ctx context.Context, call *cell.Call, endpoint uuid.UUID, filter cell.DeliveryFilter, page cell.PageRequest) ([]cell.Delivery, error)
	GetDelivery(ctx context.Context, call *cell.Call, endpoint, event uuid.UUID) (cell.Delivery, []cell.DeliveryAttempt, error)
	// PingEndpoint makes a delivery of the entry itself, whose ID is set.
	PingEndpoint(ctx context.Context, call *cell.Call, endpoint uuid.UUID, entry cell.AuditEntry) (cell.Delivery, error)
	ReplayDelivery(ctx context.Context, call *cell.Call, endpoint, event uuid.UUID, entry cell.AuditEntry) (cell.Delivery, error)
}

// Deliveries are the use-cases of deliveries.
type Deliveries struct{ Store DeliveryStore }

// List returns a page of an endpoint's deliveries, newest event first.
func (u Deliveries) List(ctx context.Context, call *cell.Call, endpoint uuid.UUID, filter cell.DeliveryFilter, req cell.PageRequest) (cell.Page[cell.Delivery], error) {
	rows, err := u.Store.ListDeliveries(ctx, call, endpoint, filter, req)
	if err != nil {
		return cell.Page[cell.Delivery]{}, err
	}
	return cell.PageOf(rows, req.Limit, func(d cell.Delivery) uuid.UUID { return d.EventID }), nil
}

// Get returns one delivery with its last attempts, newest first.
func (u Deliveries) Get(ctx context.Context, call *cell.Call, endpoint, event uuid.UUID) (cell.Delivery, []cell.DeliveryAttempt, error) {
	return u.Store.GetDelivery(ctx, call, endpoint, event)
}

// Ping sends a test message.
func (u Deliveries) Ping(ctx context.Context, call *cell.Call, endpoint uuid.UUID) (cell.Delivery, error) {
	entry := endpointEntry("webhook_endpoint.pinged", endpoint, map[string]any{})
	entry.ID = uuid.Must(uuid.NewV7())
	return u.Store.PingEndpoint(ctx, call, endpoint, entry)
}

// Replay sends a delivery again, under the same webhook-id, with all its tries.
func (u Deliveries) Replay(ctx context.Context, call *cell.Call, endpoint, event uuid.UUID) (cell.Delivery, error) {
	details := map[string]any{"event_id": event}
	return u.Store.ReplayDelivery(ctx, call, endpoint, event, endpointEntry("webhook_endpoint.delivery_replayed", endpoint, details))
}
