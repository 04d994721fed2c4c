package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tracing"
)

// pauses are those between the tries of a delivery: about a day in all. Each is
// made up to a fifth longer or shorter, so that what failed together does not
// come back together.
var pauses = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 10 * time.Hour,
}

// DisableAfter is how long an endpoint may fail without one success.
const DisableAfter = 3 * 24 * time.Hour

const (
	reasonFailing = "it has failed for three days"
	reasonGone    = "it answered 410 Gone"
)

// DispatchStore finds what a delivery needs and makes the change that records
// what became of it. It is an interface because use-cases do not know the
// database.
type DispatchStore interface {
	GetDispatch(ctx context.Context, ref cell.JobRef, endpoint, event uuid.UUID) (cell.Dispatch, error)
	RecordAttempt(d cell.Dispatch, outcome cell.DeliveryOutcome) cell.Change
	ListOwners(ctx context.Context, ref cell.JobRef) ([]uuid.UUID, error)
}

// Sender sends requests to URLs that tenants chose. It is an interface because
// use-cases do not know the network.
type Sender interface {
	Send(ctx context.Context, url string, header http.Header, body []byte) (status int, response []byte, problem string)
}

// Deliver is the effect of WebhookDelivery jobs.
type Deliver struct {
	Store  DispatchStore
	Sender Sender
	Clock  func() time.Time
}

// Do makes one attempt at a delivery, unless that was made already. That the
// endpoint fails is no failure of the job: the outcome says when to try again.
func (d Deliver) Do(ctx context.Context, ref cell.JobRef, job cell.Job) (cell.Outcome, error) {
	var payload cell.DeliveryPayload
	if err := json.Unmarshal(job.Payload, &payload); err != nil {
		return cell.Outcome{}, fmt.Errorf("payload: %w", err)
	}
	dispatch, err := d.Store.GetDispatch(ctx, ref, payload.EndpointID, payload.EventID)
	switch {
	case fault.CodeOf(err) == fault.NotFound: // the endpoint was deleted
		return cell.Outcome{}, nil
	case err != nil:
		return cell.Outcome{}, fmt.Errorf("find delivery: %w", err)
	case dispatch.Delivery.State != cell.DeliveryPending || dispatch.Delivery.Attempts != payload.Attempts:
		return cell.Outcome{}, nil
	}
	attempt, err := d.attempt(ctx, dispatch)
	if err != nil || ctx.Err() != nil {
		return cell.Outcome{}, fmt.Errorf("attempt: %w", context.Cause(ctx))
	}
	outcome := d.judge(dispatch, attempt)
	if outcome.Disable != "" {
		if outcome.Tell, err = d.Store.ListOwners(ctx, ref); err != nil {
			return cell.Outcome{}, fmt.Errorf("find owners: %w", err)
		}
	}
	return cell.Outcome{Change: d.Store.RecordAttempt(dispatch, outcome)}, nil
}

func (d Deliver) attempt(ctx context.Context, dispatch cell.Dispatch) (cell.DeliveryAttempt, error) {
	a := cell.DeliveryAttempt{No: dispatch.Delivery.Attempts + 1, At: d.Clock()}
	if !dispatch.Endpoint.Active {
		a.Error = "the endpoint is not active"
		return a, nil
	}
	body, err := messageOf(dispatch.Delivery, dispatch.Row)
	if err != nil {
		return a, err
	}
	header := signed(dispatch.Endpoint, messageID(dispatch.Delivery.EventID), a.At, body)
	ctx, span := tracing.Begin(ctx, "webhook", trace.SpanKindClient)
	defer span.End()
	if parent := tracing.Parent(ctx); parent != "" { // whom it concerns, the cell above all, is no business of the other side
		header.Set(tracing.HeaderTraceparent, parent)
	}
	status, response, problem := d.Sender.Send(ctx, dispatch.Endpoint.URL, header, body)
	a.Duration, a.Status, a.Error, a.Response = d.Clock().Sub(a.At), status, problem, printable(response)
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	return a, nil
}

// judge decides what an attempt leads to.
func (d Deliver) judge(dispatch cell.Dispatch, a cell.DeliveryAttempt) cell.DeliveryOutcome {
	o := cell.DeliveryOutcome{Attempt: a, State: cell.DeliveryFailed}
	e := dispatch.Endpoint
	switch {
	case a.Status >= 200 && a.Status <= 299:
		o.State, o.Recovered = cell.DeliveryDelivered, !e.FailingSince.IsZero()
		return o
	case !e.Active:
		return o
	case a.Status == http.StatusGone:
		o.Disable = reasonGone
		return o
	case e.FailingSince.IsZero():
		o.FailingSince = a.At
	case a.At.Sub(e.FailingSince) >= DisableAfter:
		o.Disable = reasonFailing
		return o
	}
	if tries := dispatch.Delivery.Tries; tries < len(pauses) {
		o.State, o.RetryAt = cell.DeliveryPending, a.At.Add(jittered(pauses[tries]))
	}
	return o
}

func jittered(pause time.Duration) time.Duration {
	return time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64()))
}

// printable makes an answer's beginning fit to be stored and shown.
func printable(response []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(response), "\uFFFD"), "\x00", "\uFFFD")
}
