package shed

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Values that nobody tunes.
const (
	buckets   = 2048 // tenants that are told apart; a power of two
	shareFor  = time.Millisecond
	hardAbove = 4 // requests within their tenant's share are admitted up to limit + limit/hardAbove
)

// Options says how a cell's controller begins and how far it goes. Zero values
// become the defaults.
type Options struct {
	Initial, Min, Max int           // requests under way in the cell at once; 256, 8, 4,096
	Slack             time.Duration // added latency that is nothing to act upon, however short requests are; 500 µs
	Wait              time.Duration // longest time in the queue; 50 ms
	Queue             int           // requests of all tenants in the queue; 1,024
	Pulse             *Pulse        // nil: this process is never short of processor time
	Now               func() time.Time
}

func (o *Options) setDefaults() {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Initial, 256}, {&o.Min, 8}, {&o.Max, 4096}, {&o.Queue, 1024}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	o.Max = max(o.Max, o.Min)
	o.Initial = min(max(o.Initial, o.Min), o.Max)
	if o.Slack <= 0 {
		o.Slack = 500 * time.Microsecond
	}
	if o.Wait <= 0 {
		o.Wait = 50 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Controller admits requests to one cell. It is safe for concurrent use; see
// the package's documentation for its rules.
type Controller struct {
	opts  Options
	epoch time.Time // times below are nanoseconds since then
	apart int64     // from the pulse's epoch to ours

	limit  atomic.Int64 // written by every window, read by every request
	queued atomic.Int64 // requests in the queue
	share  atomic.Int64 // the fair share of a tenant, as of shareAt
	shared atomic.Int64 // when it was computed
	_      [32]byte

	inflight atomic.Int64 // written by every request
	peak     atomic.Int64 // highest inflight of the window
	_        [48]byte

	parking sync.Pool // of *parked
	sampler sampler
	tenants [buckets]atomic.Int32 // requests under way by hash of the tenant
	waited  atomic.Uint64         // requests admitted after a wait in the queue
	refused [reasons]atomic.Uint64

	mu    sync.Mutex // guards what follows; only taken when the limit is reached, and once a window
	queue queue
	next  gradient
}

// New returns a controller for one cell. It starts no goroutine and needs no end.
func New(opts Options) *Controller {
	opts.setDefaults()
	c := &Controller{opts: opts, epoch: opts.Now(), next: newGradient(opts)}
	c.parking.New = newParked
	if opts.Pulse != nil {
		c.apart = c.epoch.Sub(opts.Pulse.epoch).Nanoseconds()
	}
	c.queue.init()
	c.limit.Store(int64(opts.Initial))
	c.shared.Store(-int64(shareFor))
	return c
}

// Acquire admits a request, or refuses it at once. After true the ticket's
// Done or Detach must be called.
func (c *Controller) Acquire(id tenancy.ID, priority Priority, now time.Time) (Ticket, bool) {
	w := waiter{bucket: bucketOf(id), priority: priority}
	at := c.since(now)
	if c.queued.Load() == 0 && c.take(priority.soft(c.limit.Load())) || c.takeWithinShare(&w, at) {
		return c.ticket(w.bucket, at), true
	}
	c.refused[byLimit].Add(1)
	return Ticket{}, false
}

// since is a time as the controller counts it.
func (c *Controller) since(t time.Time) int64 { return t.Sub(c.epoch).Nanoseconds() }

// lost is the time until at in which this process did not run.
func (c *Controller) lost(at int64) int64 { return c.opts.Pulse.lostUntil(at + c.apart) }

func bucketOf(id tenancy.ID) uint32 {
	// The end of a UUIDv7 is random; nobody chooses it.
	return binary.LittleEndian.Uint32(id[12:]) % buckets
}

// take takes a place if fewer than limit are taken.
func (c *Controller) take(limit int64) bool {
	for {
		n := c.inflight.Load()
		if n >= limit {
			return false
		}
		if c.inflight.CompareAndSwap(n, n+1) {
			if n >= c.peak.Load() {
				c.peak.Store(n + 1) // two at once may leave the lower one: near enough
			}
			return true
		}
	}
}

// takeWithinShare takes a place, over the limit if need be, for a tenant that
// has less than its fair share: it is not the one that filled the cell.
func (c *Controller) takeWithinShare(w *waiter, at int64) bool {
	limit := c.limit.Load()
	if w.priority != Critical && int64(c.tenants[w.bucket].Load()) >= c.fairShare(limit, at) {
		return false
	}
	return c.take(w.priority.hard(limit))
}

// fairShare is limit / tenants with requests under way, at least one. It is
// looked up again at most once a millisecond.
func (c *Controller) fairShare(limit, at int64) int64 {
	if last := c.shared.Load(); at-last < int64(shareFor) || !c.shared.CompareAndSwap(last, at) {
		return max(1, c.share.Load())
	}
	active := int64(0)
	for i := range c.tenants {
		if c.tenants[i].Load() > 0 {
			active++
		}
	}
	share := max(1, limit/max(1, active))
	c.share.Store(share)
	return share
}

// ticket counts an admitted request for its tenant.
func (c *Controller) ticket(bucket uint32, at int64) Ticket {
	c.tenants[bucket].Add(1)
	return Ticket{controller: c, bucket: bucket, start: at, lost: c.lost(at)}
}

// release gives a place back, to who waits for one.
func (c *Controller) release(bucket uint32, at int64) {
	c.tenants[bucket].Add(-1)
	c.inflight.Add(-1)
	if c.queued.Load() > 0 {
		c.mu.Lock()
		c.dispatch(at)
		c.mu.Unlock()
	}
}
