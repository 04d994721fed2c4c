package stripe

import (
	"errors"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// Tolerance is how old a signature may be, in either direction of the clocks.
const Tolerance = 300 * time.Second

// Hooks checks webhooks. Secret is the endpoint's signing secret.
type Hooks struct{ Secret string }

// Verify checks the signature over a body as it was received, and reads the
// event. What is forged, old, of another API version or not an event is a fault
// (unauthenticated, malformed) that repeats nothing of it.
func (h Hooks) Verify(body []byte, signature string) (controlplane.BillingEvent, error) {
	e, err := webhook.ConstructEventWithOptions(body, signature, h.Secret, webhook.ConstructEventOptions{Tolerance: Tolerance, IgnoreAPIVersionMismatch: true})
	switch {
	case errors.Is(err, webhook.ErrTooOld):
		return controlplane.BillingEvent{}, fault.New(fault.Unauthenticated, "the signature is older than %s", Tolerance)
	case errors.Is(err, webhook.ErrNotSigned), errors.Is(err, webhook.ErrInvalidHeader), errors.Is(err, webhook.ErrNoValidSignature):
		return controlplane.BillingEvent{}, fault.New(fault.Unauthenticated, "the signature is not the payment provider's")
	case err != nil || e.ID == "" || e.Type == "" || e.Data == nil:
		return controlplane.BillingEvent{}, fault.New(fault.Malformed, "the body is not an event")
	case e.APIVersion != stripego.APIVersion:
		return controlplane.BillingEvent{}, fault.New(fault.Malformed, "the event is of API version %.20q; make the webhook's endpoint with version %s", e.APIVersion, stripego.APIVersion)
	}
	return eventOf(&e), nil
}

// eventOf keeps of an event what it is about.
func eventOf(e *stripego.Event) controlplane.BillingEvent {
	out := controlplane.BillingEvent{ID: e.ID, Type: string(e.Type), Created: timeOf(e.Created)}
	if e.Data == nil {
		return out
	}
	field := "customer"
	if e.Data.Object["object"] == "customer" {
		field = "id"
	}
	switch customer := e.Data.Object[field].(type) {
	case string:
		out.Customer = customer
	case map[string]any: // expanded
		out.Customer, _ = customer["id"].(string)
	}
	return out
}
