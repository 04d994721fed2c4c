package shed

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Parked is a request in the queue of a simulation, where nothing blocks.
type Parked struct{ w waiter }

// Offer does what AcquireWait does, without blocking: at most one of the
// ticket, the parked request and nothing comes back; wake is called later.
func (c *Controller) Offer(id tenancy.ID, priority Priority, now time.Time, wake func(Ticket)) (Ticket, *Parked, bool) {
	at := c.since(now)
	bucket := bucketOf(id)
	if c.queued.Load() == 0 && c.take(priority.soft(c.limit.Load())) {
		return c.ticket(bucket, at), nil, true
	}
	p := &Parked{waiter{bucket: bucket, priority: priority, wake: wake}}
	switch t, verdict := c.offer(&p.w, at); verdict {
	case admitted:
		return t, nil, true
	case queued:
		return Ticket{}, p, true
	default:
		return Ticket{}, nil, false
	}
}

// Leave is what happens to a parked request whose time is over.
func (c *Controller) Leave(p *Parked) bool { return c.leave(&p.w) }

// Patience is how long a parked request is still to wait.
func (c *Controller) Patience(p *Parked, now time.Time) time.Duration {
	return c.patience(&p.w, c.since(now))
}

// Wait is the longest time in the queue.
func (c *Controller) Wait() time.Duration { return c.opts.Wait }
