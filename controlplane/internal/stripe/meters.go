package stripe

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/shared/fault"
)

// Keys of a meter event's payload.
const (
	payloadCustomer = "stripe_customer_id"
	payloadValue    = "value"
)

// Meters tells Stripe of usage.
type Meters struct {
	*Client
	mu  sync.Mutex
	ids map[string]string // of meters, by the name of their events
}

// NewMeters returns the meters that a client reaches.
func NewMeters(c *Client) *Meters { return &Meters{Client: c} }

// SendUsage sends an event. Within a day of the first time Stripe knows its
// identifier, and to know it is as good as to have taken it now.
func (m *Meters) SendUsage(ctx context.Context, e controlplane.MeterEvent) error {
	params := &stripego.BillingMeterEventParams{
		EventName: ptr(billing.EventName(e.Meter)), Identifier: &e.Identifier, Timestamp: stripego.Int64(e.At.Unix()),
		Payload: map[string]string{payloadCustomer: e.Customer, payloadValue: strconv.FormatInt(e.Value, 10)},
	}
	params.Context = ctx
	_, err := m.api.BillingMeterEvents.New(params)
	var said *stripego.Error
	if errors.As(err, &said) && strings.Contains(said.Msg, "already exists with identifier") {
		return nil
	}
	return translate(err)
}

// Arrived asks for Stripe's sum of the event's minute.
func (m *Meters) Arrived(ctx context.Context, e controlplane.MeterEvent) (bool, error) {
	id, err := m.id(ctx, billing.EventName(e.Meter))
	if err != nil {
		return false, err
	}
	from := e.At.Truncate(time.Minute)
	list := m.api.BillingMeterEventSummaries.List(&stripego.BillingMeterEventSummaryListParams{
		ID: &id, Customer: &e.Customer, StartTime: stripego.Int64(from.Unix()), EndTime: stripego.Int64(from.Add(time.Minute).Unix()), ListParams: listParams(ctx),
	})
	var sum float64
	for list.Next() {
		sum += list.BillingMeterEventSummary().AggregatedValue
	}
	return sum >= float64(e.Value), translate(list.Err())
}

// id finds a meter's id by the name of its events.
func (m *Meters) id(ctx context.Context, event string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id, ok := m.ids[event]; ok {
		return id, nil
	}
	all, err := m.meters(ctx)
	if err != nil {
		return "", err
	}
	m.ids = map[string]string{}
	for _, x := range all {
		if x.Active || m.ids[x.Event] == "" {
			m.ids[x.Event] = x.ID
		}
	}
	if id, ok := m.ids[event]; ok {
		return id, nil
	}
	return "", fault.New(fault.Unavailable, "the payment provider has no meter %s; an operator has to run `controlplane billing sync`", event)
}
