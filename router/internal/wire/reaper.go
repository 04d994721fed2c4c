package wire

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Tick is how often a Reaper looks.
const Tick = 100 * time.Millisecond

// Reaper interrupts connections whose deadline has passed.
type Reaper struct {
	now   func() time.Time
	clock atomic.Int64 // Unix nanoseconds, as of the last sweep
	mu    sync.Mutex
	conns map[*Conn]struct{}
}

// NewReaper returns a Reaper that watches nothing yet; a nil clock is the wall's.
func NewReaper(now func() time.Time) *Reaper {
	if now == nil {
		now = time.Now
	}
	r := &Reaper{now: now, conns: map[*Conn]struct{}{}}
	r.clock.Store(now().UnixNano())
	return r
}

// Watch adds a connection. It must be forgotten before, or when, it is closed.
func (r *Reaper) Watch(c *Conn) {
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
}

// Forget removes a connection.
func (r *Reaper) Forget(c *Conn) {
	r.mu.Lock()
	delete(r.conns, c)
	r.mu.Unlock()
}

// Now is the time of the last sweep: late by up to [Tick], and for next to nothing.
func (r *Reaper) Now() time.Time { return time.Unix(0, r.clock.Load()) }

// Len is the number of connections watched.
func (r *Reaper) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

// Each calls fn for every connection, under the lock: fn must not wait.
func (r *Reaper) Each(fn func(*Conn)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		fn(c)
	}
}

// Run looks every Tick until ctx ends.
func (r *Reaper) Run(ctx context.Context) error {
	tick := time.NewTicker(Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.Sweep()
		}
	}
}

// Sweep interrupts what is overdue now.
func (r *Reaper) Sweep() {
	now := r.now().UnixNano()
	r.clock.Store(now)
	r.Each(func(c *Conn) { c.expireIfOverdue(now) })
}
