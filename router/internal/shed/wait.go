package shed

import (
	"context"
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// ErrOverloaded refuses a request: its cell is full, and its tenant has its
// share of it. Nothing was executed.
var ErrOverloaded = fault.New(fault.Unavailable,
	"this tenant's cell has as many requests as it can work on: send fewer at once, and this one again in a second").After(time.Second)

// mostPatience bounds the wait of a process that hardly runs at all, in times of
// Options.Wait.
const mostPatience = 8

// parked is a waiter with what it needs to block; it is used again.
type parked struct {
	waiter
	granted chan Ticket
	timer   *time.Timer
}

func newParked() any {
	p := &parked{granted: make(chan Ticket, 1), timer: time.NewTimer(time.Hour)}
	p.timer.Stop()
	p.wake = func(t Ticket) { p.granted <- t }
	return p
}

// AcquireWait admits a request, at once or after at most Options.Wait in the
// fair queue, or refuses it with [ErrOverloaded]. After nil the ticket's Done
// or Detach must be called.
func (c *Controller) AcquireWait(ctx context.Context, id tenancy.ID, priority Priority, now time.Time) (Ticket, error) {
	bucket := bucketOf(id)
	at := c.since(now)
	if c.queued.Load() == 0 && c.take(priority.soft(c.limit.Load())) {
		return c.ticket(bucket, at), nil
	}
	p := c.parking.Get().(*parked)
	defer c.parking.Put(p)
	p.bucket, p.priority = bucket, priority
	switch t, verdict := c.offer(&p.waiter, at); verdict {
	case admitted:
		return t, nil
	case refused:
		return Ticket{}, ErrOverloaded
	}
	defer p.timer.Stop()
	for left := c.opts.Wait; left > 0 && ctx.Err() == nil; left = c.patience(&p.waiter, c.since(c.opts.Now())) {
		p.timer.Reset(left)
		select {
		case t := <-p.granted:
			return t, nil
		case <-p.timer.C:
		case <-ctx.Done():
		}
	}
	if c.leave(&p.waiter) {
		return Ticket{}, ErrOverloaded
	}
	return <-p.granted, nil
}

// patience is how long w is still to wait. What this process lost does not
// count: places may have become free that it has not seen yet.
func (c *Controller) patience(w *waiter, at int64) time.Duration {
	waited := at - w.since
	waited = max(waited-(c.lost(at)-w.lost), waited/mostPatience)
	return c.opts.Wait - time.Duration(waited)
}

type verdict int

const (
	admitted verdict = iota
	refused
	queued
)

// offer is the way of a request that found the limit reached, or others waiting.
func (c *Controller) offer(w *waiter, at int64) (Ticket, verdict) {
	if c.takeWithinShare(w, at) {
		return c.ticket(w.bucket, at), admitted
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w.since, w.lost = at, c.lost(at)
	if w.priority == Critical || !c.queue.add(w, c.opts.Queue) {
		c.refused[byLimit].Add(1)
		return Ticket{}, refused
	}
	// Counted before the places are looked at again: whoever gives one back
	// after that look sees the waiter.
	c.queued.Add(1)
	c.dispatch(at)
	return Ticket{}, queued
}

// leave takes a waiter out of the queue; false if it has just been admitted.
func (c *Controller) leave(w *waiter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.place == nil {
		return false
	}
	c.queue.remove(w)
	c.queued.Add(-1)
	c.refused[byWait].Add(1)
	return true
}

// dispatch gives free places to waiters. The lock is held.
func (c *Controller) dispatch(at int64) {
	for c.queue.len > 0 {
		limit := c.limit.Load()
		w := c.queue.next(func(w *waiter) bool { return c.take(w.priority.soft(limit)) })
		if w == nil {
			return
		}
		c.queued.Add(-1)
		c.waited.Add(1)
		w.wake(c.ticket(w.bucket, max(at, w.since)))
	}
}
