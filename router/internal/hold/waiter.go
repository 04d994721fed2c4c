package hold

import (
	"container/list"
	"context"
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Request is one request that a cell has answered with "frozen".
type Request struct {
	Tenant  tenancy.ID
	Bytes   int64           // of the body, all of it in memory; below zero: unknown, which is too large
	Current func() Position // what the caller's cache knows of the tenant now; called without a lock held
}

// Result is how a try went.
type Result int

// Results of a try.
const (
	Failed Result = iota // no answer of a cell: says nothing about the freeze
	Served               // any answer but "frozen"
)

// Waiter is a held request. It belongs to one goroutine. A nil Waiter is one
// that never had to wait.
type Waiter struct {
	hold    *Hold
	request Request
	turn    chan *fault.Error // capacity 1: nil for a turn, else why not

	// Guarded by hold.mu.
	state   state
	window  *window // nil before the first Wait, and for a try outside of any window
	place   *list.Element
	arrival uint64
	told    Position // what the window knew when it gave the turn
	held    int64    // bytes accounted for
	since   time.Time
}

type state int

const (
	away    state = iota // not registered
	waiting              // in its window's queue
	trying               // has its turn
)

// Waiter returns a waiter for a request. It holds nothing before its first Wait.
func (h *Hold) Waiter(r Request) *Waiter {
	return &Waiter{hold: h, request: r, turn: make(chan *fault.Error, 1)}
}

// Wait blocks until it is the request's turn to be sent again. seen is what the
// caller knew when it sent the request that came back frozen, so news since
// then count even if they arrived before Wait. A second Wait says that the try
// came back frozen, too; the request keeps its place.
//
// An error is one of this package's refusals: the request is held no longer,
// and is answered with it. After nil the caller sends the request and then
// calls Wait or Done.
func (w *Waiter) Wait(ctx context.Context, seen Position) error {
	if refused := w.enter(seen); refused != nil {
		return refused
	}
	// Registered first, asked afterwards: whoever changes the cache after this
	// look will find the window and notify it.
	if now := w.request.Current(); now.NewerThan(seen) {
		w.hold.Notify(w.request.Tenant, now)
	}
	select {
	case refused := <-w.turn:
		if refused != nil {
			return refused
		}
		return nil
	case <-ctx.Done():
		return w.abandon()
	}
}

// Done says how the last try went and gives back what the request held. Calls
// after the first, or after a Wait that failed, do nothing.
func (w *Waiter) Done(result Result) {
	if w == nil {
		return
	}
	w.hold.mu.Lock()
	defer w.hold.mu.Unlock()
	if w.state != trying {
		return
	}
	w.leave(result.String())
	if w.window != nil {
		w.window.report(result)
	}
}

func (r Result) String() string {
	if r == Served {
		return "served"
	}
	return "failed"
}

// enter registers the waiter, or takes it back from a try that was frozen.
func (w *Waiter) enter(seen Position) *fault.Error {
	h := w.hold
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if w.state == away {
		w.since = now
	}
	refused := w.admit(seen, now)
	if refused != nil {
		w.leave(reasons[refused])
	}
	return refused
}

func (w *Waiter) admit(seen Position, now time.Time) *fault.Error {
	h := w.hold
	if w.state == trying && w.window != nil {
		return w.window.back(w, seen, now)
	}
	if w.request.Bytes < 0 || w.request.Bytes > MaxBody {
		return ErrTooLarge
	}
	win := h.windowOf(w.request.Tenant, now)
	if win.over(now) {
		// Too late to wait; but a try that may succeed costs nobody anything.
		if w.state == away && (win.thawed || win.known.NewerThan(seen)) {
			w.state, w.window = trying, nil
			w.turn <- nil
			return nil
		}
		return ErrTooSoon
	}
	return win.join(w, seen, now)
}

// abandon leaves at the end of the caller's context.
func (w *Waiter) abandon() error {
	w.hold.mu.Lock()
	defer w.hold.mu.Unlock()
	switch w.state {
	case away: // refused at the same moment
		return <-w.turn
	case trying: // a turn at the same moment: somebody else's now
		<-w.turn //nolint:errcheck // it is nil: this is a turn
		w.leave(reasons[ErrDeadline])
		if w.window != nil {
			w.window.giveBack()
		}
	case waiting:
		w.window.queue.remove(w)
		w.leave(reasons[ErrDeadline])
		w.window.settle(time.Now())
	}
	return ErrDeadline
}

// leave ends the accounting of the waiter. Its window's queue and count are the
// caller's business.
func (w *Waiter) leave(outcome string) {
	w.hold.bytes -= w.held
	w.held, w.state = 0, away
	waited := time.Since(w.since)
	w.hold.count(w, outcome, waited)
	w.hold.metrics.left(outcome, waited)
}
