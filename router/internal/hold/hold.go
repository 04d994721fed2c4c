package hold

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/shared/tenancy"
)

// Values that nobody tunes.
const (
	// MaxBody is the largest body, in bytes, of a request that is held.
	MaxBody = 1 << 20

	// Overhead is what a held request counts against Options.Bytes beside its
	// body: its connection's buffers and its goroutine.
	Overhead = 4 << 10

	firstRetry = 25 * time.Millisecond // without news, the first try; doubled up to
	lastRetry  = 250 * time.Millisecond

	firstTurns = 8 // requests that try at once when a release begins
	turnGrowth = 2 // further ones for each that was served
)

// Options says how much may be held. Zero values become the defaults.
type Options struct {
	Window      time.Duration // from the first held request of a tenant until all are let go; 10 s
	MinInterval time.Duration // from the end of a tenant's window to the start of its next; 5 s
	PerTenant   int           // requests of one tenant held at once; 1,000
	Bytes       int64         // bodies and overhead of everything held; 64 MiB
	Registry    prometheus.Registerer
}

func (o *Options) setDefaults() {
	if o.Window <= 0 {
		o.Window = 10 * time.Second
	}
	if o.MinInterval <= 0 {
		o.MinInterval = 5 * time.Second
	}
	if o.PerTenant <= 0 {
		o.PerTenant = 1000
	}
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
}

// Position is what somebody knows of a tenant's place in the directory.
type Position struct{ Version, Epoch uint64 }

// NewerThan reports whether p knows something that q does not.
func (p Position) NewerThan(q Position) bool { return p.Version > q.Version || p.Epoch > q.Epoch }

func (p Position) merge(q Position) Position {
	return Position{Version: max(p.Version, q.Version), Epoch: max(p.Epoch, q.Epoch)}
}

// Hold is where requests wait. It is safe for concurrent use.
type Hold struct {
	opts    Options
	metrics *metrics
	probing atomic.Int64 // windows that probe: [Hold.Holding] is free of charge without one

	mu      sync.Mutex
	windows map[tenancy.ID]*window
	ended   []Ended
	bytes   int64
}

// New returns a Hold without waiters. It starts no goroutine.
func New(opts Options) *Hold {
	opts.setDefaults()
	h := &Hold{opts: opts, windows: map[tenancy.ID]*window{}}
	h.metrics = newMetrics(opts.Registry, h)
	return h
}

// Notify tells the waiters of a tenant what the router has learnt, from
// whatever source. Call it after the news is in the cache that
// Request.Current reads. For a tenant without waiters it does nothing.
func (h *Hold) Notify(id tenancy.ID, now Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.windows[id]; w != nil {
		w.learn(now)
	}
}

// Holding reports whether requests of the tenant wait for the end of a freeze
// just now. A body that is too large to be held can then be refused, with
// [ErrTooLarge], before it is read.
func (h *Hold) Holding(id tenancy.ID) bool {
	if h.probing.Load() == 0 {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.windows[id]
	return w != nil && w.isProbing()
}
