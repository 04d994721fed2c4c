package billing

import (
	"context"
	"sync"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// Sources of events.
const (
	fromWebhook   = "webhook"
	fromReconcile = "reconcile"
)

// Inbox takes events that were verified. Taking is all that is done before
// Stripe is answered: one statement, that keeps events and orders a sync of
// their customers. An event that is known changes nothing.
//
// Events that come while a statement is under way share the next one: what they
// cost is the round trip and the commit, and those are paid once for all of them.
// Nobody waits for company: the first of a batch goes as soon as it may.
type Inbox struct {
	store Inboxes
	wake  func()        // the syncer
	turns chan struct{} // statements under way

	mu      sync.Mutex
	waiting *batch // that the next to come join; nil: none
}

const (
	statementsAtOnce = 2 // one commits while the other one's rows are written
	mostTogether     = 256
	takeTimeout      = 10 * time.Second // Stripe waits no longer, and asks again
)

// batch is events that are kept by one statement.
type batch struct {
	events []controlplane.BillingEvent
	errs   []error // by event, once done is closed
	done   chan struct{}
}

// NewInbox returns an inbox that wakes the syncer when there is news.
func NewInbox(store Inboxes, wake func()) *Inbox {
	return &Inbox{store: store, wake: wake, turns: make(chan struct{}, statementsAtOnce)}
}

// Take keeps one event. It is kept when Take returns nil; an error, that of ctx
// included, does not say that it is not.
func (i *Inbox) Take(ctx context.Context, e controlplane.BillingEvent) error {
	b, place := i.join(e)
	if place == 0 {
		// The others of the batch do not end with this one's request.
		go i.keep(context.WithoutCancel(ctx), b)
	}
	select {
	case <-b.done:
		return b.errs[place]
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join puts an event into the batch that waits, and says where.
func (i *Inbox) join(e controlplane.BillingEvent) (b *batch, place int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting == nil || len(i.waiting.events) == mostTogether {
		i.waiting = &batch{done: make(chan struct{})}
	}
	b = i.waiting
	b.events = append(b.events, e)
	return b, len(b.events) - 1
}

// keep waits for a turn, closes the batch, and keeps it.
func (i *Inbox) keep(ctx context.Context, b *batch) {
	i.turns <- struct{}{}
	defer func() { <-i.turns }()
	i.mu.Lock()
	if i.waiting == b {
		i.waiting = nil
	}
	i.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, takeTimeout)
	defer cancel()
	defer close(b.done)
	b.errs = make([]error, len(b.events))
	fresh, err := i.store.Receive(ctx, fromWebhook, b.events)
	switch {
	case err != nil && len(b.events) > 1 && fault.CodeOf(err) != fault.Unavailable:
		fresh = i.each(ctx, b) // one that cannot be kept keeps the others from nothing
	case err != nil:
		for n := range b.errs {
			b.errs[n] = err
		}
	}
	if fresh > 0 {
		i.wake()
	}
}

// each keeps the events of a batch one by one.
func (i *Inbox) each(ctx context.Context, b *batch) (fresh int) {
	for n := range b.events {
		news, err := i.store.Receive(ctx, fromWebhook, b.events[n:n+1])
		fresh, b.errs[n] = fresh+news, err
	}
	return fresh
}
