package limiter

import (
	"sync/atomic"

	"github.com/coditect/platform/shared/tenancy"
)

// Key is what is limited: one tenant's requests of one route class. The caller
// numbers the classes, alike in all routers.
type Key struct {
	Tenant tenancy.ID
	Class  uint8
}

// entry is a key's place in memory. Its shard's mutex guards it.
type entry struct {
	key      Key
	queued   bool  // in the shard's queue
	gone     bool  // evicted; a queue may still have it
	lastTake int64 // for eviction
	inFlight atomic.Int64
	account
	next *entry // in the queue
}

// evictable reports whether nobody holds the entry.
func (e *entry) evictable() bool { return e.inFlight.Load() == 0 }

// idle reports whether the entry is no different from one not made yet.
func (e *entry) idle(now int64) bool {
	const silent = 10 // seconds
	return seconds(e.lastTake, now) > silent && e.own <= e.rate*seconds(e.ownAt, now) && e.evictable()
}

// followed reports whether an entry's view is refreshed although this router
// has nothing to say: its requests come seldom, and what is left goes fast.
func (e *entry) followed(now int64, t *timing) bool {
	const scarce = 4
	return seconds(e.lastTake, now) < t.viewAge && e.room(now, t)*scarce < e.burst
}

// Ticket is a request's place among those in flight. The zero Ticket is none.
type Ticket struct{ e *entry }

// Done gives the place back. Only the first call counts.
func (t *Ticket) Done() {
	if t.e != nil {
		t.e.inFlight.Add(-1)
		t.e = nil
	}
}
