package webhooks_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/webhooks"
)

// The example of the standard-webhooks specification.
func TestSignatureIsTheSpecifications(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := webhooks.Signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	now := time.Now()
	endpoint := func(active bool, events ...string) cell.WebhookEndpoint {
		return cell.WebhookEndpoint{ID: uuid.New(), Active: active, Events: events, CreatedAt: now}
	}
	all, some, off := endpoint(true), endpoint(true, "project.created"), endpoint(false)
	row := func(action string, at time.Time) cell.AuditRow {
		return cell.AuditRow{Entry: cell.AuditEntry{ID: uuid.New(), Action: action, At: at}}
	}
	got := webhooks.FanOut([]cell.WebhookEndpoint{all, some, off}, []cell.AuditRow{
		row("project.created", now), row("project.deleted", now), row("project.created", now.Add(-time.Second)), row("tenant.activated", now),
	})
	if len(got) != 3 || got[0].EndpointID != all.ID || got[1].EndpointID != some.ID || got[2].Event != "project.deleted" || got[2].EndpointID != all.ID {
		t.Errorf("%+v", got)
	}
}

// store keeps one delivery and what was recorded of it.
type store struct {
	dispatch cell.Dispatch
	recorded []cell.DeliveryOutcome
}

func (s *store) GetDispatch(context.Context, cell.JobRef, uuid.UUID, uuid.UUID) (cell.Dispatch, error) {
	return s.dispatch, nil
}

func (s *store) ListOwners(context.Context, cell.JobRef) ([]uuid.UUID, error) {
	return []uuid.UUID{{1}}, nil
}

func (s *store) RecordAttempt(_ cell.Dispatch, o cell.DeliveryOutcome) cell.Change {
	s.recorded = append(s.recorded, o)
	d := &s.dispatch.Delivery
	d.Attempts, d.Tries, d.State = d.Attempts+1, d.Tries+1, o.State
	if !o.FailingSince.IsZero() {
		s.dispatch.Endpoint.FailingSince = o.FailingSince
	}
	return nil
}

// sender answers every request with a status.
type sender struct {
	status  int
	headers []http.Header
}

func (s *sender) Send(_ context.Context, _ string, header http.Header, _ []byte) (int, []byte, string) {
	s.headers = append(s.headers, header)
	return s.status, []byte("a\x00b\xff"), ""
}

// attempt runs the job of the delivery's next attempt.
func attempt(t *testing.T, d webhooks.Deliver, s *store) cell.DeliveryOutcome {
	t.Helper()
	payload, err := json.Marshal(cell.DeliveryPayload{Attempts: s.dispatch.Delivery.Attempts})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Do(t.Context(), cell.JobRef{}, cell.Job{Payload: payload}); err != nil {
		t.Fatal(err)
	}
	return s.recorded[len(s.recorded)-1]
}

func newDelivery(now *time.Time, status int) (webhooks.Deliver, *store, *sender) {
	s := &store{dispatch: cell.Dispatch{
		Delivery: cell.Delivery{State: cell.DeliveryPending, Event: "project.created", EventID: uuid.New()},
		Endpoint: cell.WebhookEndpoint{Active: true, Secret: cell.NewWebhookSecret()}, Row: cell.AuditRow{Details: `{}`},
	}}
	out := &sender{status: status}
	return webhooks.Deliver{Store: s, Sender: out, Clock: func() time.Time { return *now }}, s, out
}

func TestAFailingEndpointIsTriedForADay(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	now := begin
	deliver, s, _ := newDelivery(&now, http.StatusFound)
	tries := 0
	for s.dispatch.Delivery.State == cell.DeliveryPending {
		o := attempt(t, deliver, s)
		if tries++; o.State == cell.DeliveryPending {
			now = o.RetryAt
		}
	}
	if took := now.Sub(begin); tries != 10 || took < 18*time.Hour || took > 29*time.Hour || s.dispatch.Delivery.State != cell.DeliveryFailed {
		t.Errorf("%d tries in %s", tries, took)
	}
	if got := s.recorded[0].Attempt.Response; got != "a\uFFFDb\uFFFD" {
		t.Errorf("%q cannot be stored", got)
	}
	// It goes on failing, delivery after delivery: after three days it is stopped.
	s.dispatch.Delivery.State, s.dispatch.Delivery.Tries = cell.DeliveryPending, 0
	now = begin.Add(webhooks.DisableAfter)
	if o := attempt(t, deliver, s); o.Disable == "" || o.State != cell.DeliveryFailed {
		t.Errorf("%+v", o)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	deliver, s, _ := newDelivery(&now, http.StatusGone)
	if o := attempt(t, deliver, s); !strings.Contains(o.Disable, "410") {
		t.Errorf("gone: %+v", o)
	}
	deliver, s, out := newDelivery(&now, http.StatusNoContent)
	s.dispatch.Endpoint.FailingSince = now.Add(-time.Hour)
	if o := attempt(t, deliver, s); o.State != cell.DeliveryDelivered || !o.Recovered {
		t.Errorf("recovered: %+v", o)
	}
	// A job of an attempt that was made already sends nothing.
	if _, err := deliver.Do(t.Context(), cell.JobRef{}, cell.Job{Payload: []byte(`{}`)}); err != nil || len(out.headers) != 1 {
		t.Errorf("%d requests, %v", len(out.headers), err)
	}
	deliver, s, out = newDelivery(&now, http.StatusOK)
	s.dispatch.Endpoint.OldSecret, s.dispatch.Endpoint.OldSecretUntil = cell.NewWebhookSecret(), now.Add(time.Second)
	attempt(t, deliver, s)
	s.dispatch.Delivery.State = cell.DeliveryPending
	now = now.Add(time.Minute)
	attempt(t, deliver, s)
	both, one := out.headers[0].Get("Webhook-Signature"), out.headers[1].Get("Webhook-Signature")
	if len(strings.Fields(both)) != 2 || len(strings.Fields(one)) != 1 || out.headers[0].Get("Webhook-Id") != out.headers[1].Get("Webhook-Id") {
		t.Errorf("%q and then %q", both, one)
	}
}
