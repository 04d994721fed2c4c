package stripe

import (
	"encoding/json"
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

// hookEvent is what counts of an event. The rest of it, by far the most, is
// stepped over: by the time it is worked on, Stripe says more truly.
type hookEvent struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Created    int64  `json:"created"`
	APIVersion string `json:"api_version"`
	Data       *struct {
		Object subject `json:"object"`
	} `json:"data"`
}

// subject is what an event is about.
type subject struct {
	Object   string          `json:"object"`
	ID       string          `json:"id"`
	Customer json.RawMessage `json:"customer"` // an id, or the expanded customer
}

// Verify checks the signature over a body as it was received, and reads the
// event. What is forged, old, of another API version or not an event is a fault
// (unauthenticated, malformed) that repeats nothing of it.
func (h Hooks) Verify(body []byte, signature string) (controlplane.BillingEvent, error) {
	err := webhook.ValidatePayloadWithTolerance(body, signature, h.Secret, Tolerance)
	switch {
	case errors.Is(err, webhook.ErrTooOld):
		return controlplane.BillingEvent{}, fault.New(fault.Unauthenticated, "the signature is older than %s", Tolerance)
	case err != nil:
		return controlplane.BillingEvent{}, fault.New(fault.Unauthenticated, "the signature is not the payment provider's")
	}
	var e hookEvent
	switch err := json.Unmarshal(body, &e); {
	case err != nil || e.ID == "" || e.Type == "" || e.Data == nil:
		return controlplane.BillingEvent{}, fault.New(fault.Malformed, "the body is not an event")
	case e.APIVersion != stripego.APIVersion:
		return controlplane.BillingEvent{}, fault.New(fault.Malformed, "the event is of API version %.20q; make the webhook's endpoint with version %s", e.APIVersion, stripego.APIVersion)
	}
	return controlplane.BillingEvent{ID: e.ID, Type: e.Type, Created: timeOf(e.Created), Customer: e.Data.Object.customer()}, nil
}

// eventOf keeps of a listed event what it is about.
func eventOf(e *stripego.Event) controlplane.BillingEvent {
	out := controlplane.BillingEvent{ID: e.ID, Type: string(e.Type), Created: timeOf(e.Created)}
	var about subject
	if e.Data != nil && json.Unmarshal(e.Data.Raw, &about) == nil { // what is no object is about no customer
		out.Customer = about.customer()
	}
	return out
}

// customer is the id of whom the event is about; "" for nobody.
func (s subject) customer() string {
	if s.Object == "customer" {
		return s.ID
	}
	var id string
	if json.Unmarshal(s.Customer, &id) == nil {
		return id
	}
	var expanded subject
	_ = json.Unmarshal(s.Customer, &expanded) // absent: nobody
	return expanded.ID
}
