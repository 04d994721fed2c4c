package webhooks

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"unicode"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// EndpointStore keeps the tenant's endpoints. It is an interface because
// use-cases do not know the database.
type EndpointStore interface {
	ListEndpoints(ctx context.Context, call *cell.Call) ([]cell.WebhookEndpoint, error)
	GetEndpoint(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.WebhookEndpoint, error)
	CreateEndpoint(ctx context.Context, call *cell.Call, endpoint cell.WebhookEndpoint, entry cell.AuditEntry) (cell.WebhookEndpoint, error)
	UpdateEndpoint(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.WebhookChange, pre cell.Precondition, entry cell.AuditEntry) (cell.WebhookEndpoint, error)
	DeleteEndpoint(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
}

// Targets knows which URLs can never be reached. It is an interface because
// use-cases do not know the network.
type Targets interface {
	CheckURL(text string) (*url.URL, error)
}

// Endpoints are the use-cases of webhook endpoints.
type Endpoints struct {
	Store   EndpointStore
	Targets Targets
}

// List returns all endpoints, oldest first: they are few.
func (u Endpoints) List(ctx context.Context, call *cell.Call) ([]cell.WebhookEndpoint, error) {
	return u.Store.ListEndpoints(ctx, call)
}

// Get returns one endpoint.
func (u Endpoints) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.WebhookEndpoint, error) {
	return u.Store.GetEndpoint(ctx, call, id)
}

// Create adds an endpoint. Its secret is in the answer.
func (u Endpoints) Create(ctx context.Context, call *cell.Call, e cell.WebhookEndpoint) (cell.WebhookEndpoint, error) {
	target, err := u.check(&e.URL, &e.Events, &e.Description)
	if err != nil {
		return e, err
	}
	e.ID, e.URL, e.Secret = uuid.Must(uuid.NewV7()), target.String(), cell.NewWebhookSecret()
	details := map[string]any{"host": target.Host, "events": e.Events}
	return u.Store.CreateEndpoint(ctx, call, e, endpointEntry("webhook_endpoint.created", e.ID, details))
}

// Update changes an endpoint. Making it active again forgets that it failed.
func (u Endpoints) Update(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.WebhookChange, pre cell.Precondition) (cell.WebhookEndpoint, error) {
	target, err := u.check(change.URL, change.Events, change.Description)
	if err != nil {
		return cell.WebhookEndpoint{}, err
	}
	details := map[string]any{}
	if target != nil {
		text := target.String()
		change.URL, details["host"] = &text, target.Host
	}
	if change.Events != nil {
		details["events"] = *change.Events
	}
	if change.Active != nil {
		details["active"] = *change.Active
	}
	return u.Store.UpdateEndpoint(ctx, call, id, change, pre, endpointEntry("webhook_endpoint.updated", id, details))
}

// Rotate gives an endpoint a new secret, which is in the answer.
func (u Endpoints) Rotate(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.WebhookEndpoint, error) {
	change := cell.WebhookChange{Secret: cell.NewWebhookSecret()}
	return u.Store.UpdateEndpoint(ctx, call, id, change, nil, endpointEntry("webhook_endpoint.secret_rotated", id, map[string]any{}))
}

// Delete removes an endpoint with its deliveries.
func (u Endpoints) Delete(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	return u.Store.DeleteEndpoint(ctx, call, id, pre, endpointEntry("webhook_endpoint.deleted", id, map[string]any{}))
}

// check returns the URL in its normal form; nil if none is given.
func (u Endpoints) check(text *string, events *[]string, description *string) (target *url.URL, err error) {
	broken := fault.New(fault.Invalid, "the request breaks rules of the API")
	bad := false
	if text != nil {
		if target, err = u.Targets.CheckURL(*text); err != nil {
			bad, broken = true, broken.At("/url", "%s", err)
		}
	}
	if events != nil {
		for i, event := range *events {
			if !slices.Contains(cell.WebhookEvents, event) {
				bad, broken = true, broken.At("/events/"+strconv.Itoa(i), "is no event")
			}
		}
	}
	if description != nil && slices.ContainsFunc([]rune(*description), unicode.IsControl) {
		bad, broken = true, broken.At("/description", "use text without control characters")
	}
	if bad {
		return nil, broken
	}
	return target, nil
}

// endpointEntry holds of a URL only the host: the rest may be a secret.
func endpointEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "webhook_endpoint", SubjectID: id, Details: details}
}
