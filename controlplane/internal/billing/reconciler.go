package billing

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
)

// overlap is how far back of the last comparison the next one begins: an event
// may become visible after younger ones.
const overlap = 2 * time.Hour

// firstLook is how far back the first comparison goes; Stripe lists 30 days.
const firstLook = 29 * 24 * time.Hour

// Reconciler finds the events that no webhook brought, in Stripe's own list.
type Reconciler struct {
	Lister  Lister
	Store   Inboxes
	Wake    func()
	Metrics *Metrics
	Clock   func() time.Time
}

// RunOnce compares what has happened since the last comparison.
func (r *Reconciler) RunOnce(ctx context.Context) error {
	now := r.Clock()
	upTo, err := r.Store.Reconciled(ctx)
	if err != nil {
		return err
	}
	since := now.Add(-firstLook)
	if upTo.Add(-overlap).After(since) {
		since = upTo.Add(-overlap)
	}
	lost := 0
	err = r.Lister.EventsSince(ctx, since, func(events []controlplane.BillingEvent) error {
		fresh, err := r.Store.Receive(ctx, fromReconcile, events)
		lost += fresh
		return err
	})
	r.Metrics.lost.Add(float64(lost))
	if lost > 0 {
		r.Wake()
	}
	if err != nil {
		return err
	}
	return r.Store.SetReconciled(ctx, now)
}
