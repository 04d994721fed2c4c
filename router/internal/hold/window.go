package hold

import (
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// window is the time in which requests of one tenant wait; see the package's
// documentation. The Hold's mutex guards it.
type window struct {
	hold     *Hold
	id       tenancy.ID
	deadline time.Time
	quietAt  time.Time // when nobody was left; zero while somebody is
	known    Position
	queue    queue
	arrivals uint64
	out      int // requests that have their turn
	turns    int // how many may, when releasing; 0 when probing
	sum      Ended
	thawed   bool // the last try that told anything was served
	probes   bool // counted in hold.probing

	retry     time.Duration
	nextRetry time.Time
	timer     *time.Timer
}

// windowOf returns the tenant's window: a new one, quiet, if it has none, or
// one that ended long enough ago.
func (h *Hold) windowOf(id tenancy.ID, now time.Time) *window {
	w := h.windows[id]
	if w != nil && !w.forgettable(now) {
		w.expire(now) // its timer may be late
		return w
	}
	if w != nil {
		w.forget()
	}
	w = &window{hold: h, id: id, deadline: now.Add(h.opts.Window), quietAt: now, sum: Ended{Tenant: id, Began: now}}
	w.timer = time.AfterFunc(h.opts.MinInterval, w.tick)
	h.windows[id] = w
	h.metrics.windows.Inc()
	return w
}

func (w *window) quiet() bool { return w.queue.Len() == 0 && w.out == 0 }

// over reports whether nobody may wait in this window any more.
func (w *window) over(now time.Time) bool { return !now.Before(w.deadline) }

func (w *window) isProbing() bool { return w.turns == 0 && w.queue.Len() > 0 }

// forgettable reports whether the tenant's next window may begin.
func (w *window) forgettable(now time.Time) bool {
	return w.queue.Len() == 0 && !w.quietAt.IsZero() && !now.Before(w.quietAt.Add(w.hold.opts.MinInterval))
}

func (w *window) forget() {
	w.timer.Stop()
	if w.hold.windows[w.id] == w {
		delete(w.hold.windows, w.id)
		w.hold.end(w)
	}
}

// join queues a request that is new here.
func (w *window) join(r *Waiter, seen Position, now time.Time) *fault.Error {
	h, bytes := w.hold, r.request.Bytes+Overhead
	switch {
	case w.queue.Len()+w.out >= h.opts.PerTenant:
		return ErrQueue
	case h.bytes+bytes > h.opts.Bytes:
		return ErrMemory
	}
	h.bytes, r.held = h.bytes+bytes, bytes
	if w.quiet() {
		w.wake(seen, now)
	}
	w.known = w.known.merge(seen) // what was sent with it is known to be frozen
	w.arrivals++
	r.window, r.arrival, r.state = w, w.arrivals, waiting
	w.queue.add(r)
	w.pump()
	w.settle(now)
	return nil
}

// wake begins a window, or one that went quiet again. What was thawed, or moved,
// a moment ago is tried at once: the request may have met the freeze's last moment.
func (w *window) wake(seen Position, now time.Time) {
	w.quietAt = time.Time{}
	w.turns = 0
	if w.thawed || w.known.NewerThan(seen) {
		w.turns = firstTurns
	}
	w.retrySoon(now)
}

// back takes a request whose try was frozen, too.
func (w *window) back(r *Waiter, seen Position, now time.Time) *fault.Error {
	w.out--
	if !w.known.NewerThan(seen.merge(r.told)) { // else the try knew less than we do, and tells nothing
		w.thawed, w.turns = false, 0
	}
	if w.over(now) {
		w.settle(now)
		return ErrWindow
	}
	r.state = waiting
	w.queue.add(r)
	w.pump()
	w.settle(now)
	return nil
}

// learn begins a release if pos is news.
func (w *window) learn(pos Position) {
	if !pos.NewerThan(w.known) {
		return
	}
	w.known = w.known.merge(pos)
	now := time.Now()
	w.turns = max(w.turns, firstTurns)
	w.retrySoon(now) // the new cell may need a moment
	w.pump()
	w.settle(now)
}

// report takes the result of a try that ended its request.
func (w *window) report(result Result) {
	w.out--
	if result == Served {
		w.thawed = true
		w.turns = max(firstTurns, w.turns+turnGrowth)
	} else {
		w.turns = max(0, w.turns-1)
	}
	w.pump()
	w.settle(time.Now())
}

// giveBack takes a turn that was not used.
func (w *window) giveBack() {
	w.out--
	w.pump()
	w.settle(time.Now())
}

// pump gives turns to those who came first.
func (w *window) pump() {
	for w.out < w.turns && w.queue.Len() > 0 {
		w.give()
	}
}

func (w *window) give() {
	r := w.queue.first()
	w.queue.remove(r)
	r.state, r.told = trying, w.known
	w.out++
	r.turn <- nil
}

// settle brings the timer and the gauges up to date after any change.
func (w *window) settle(now time.Time) {
	if w.quiet() && w.quietAt.IsZero() {
		w.quietAt = now
	}
	if probes := w.isProbing(); probes != w.probes {
		w.probes = probes
		if probes {
			w.hold.probing.Add(1)
		} else {
			w.hold.probing.Add(-1)
		}
	}
	w.timer.Reset(max(0, w.wakeAt().Sub(now)))
}
