package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/router/internal/shed"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/router/internal/wire"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tracing"
)

// What nobody tunes.
const (
	MaxReplayBody = 64 << 10 // octets of a body that are read before the cell is asked
	maxHops       = 3        // cells that one request may be sent to
	// Load balancers keep connections too, and send a request on one that is just being
	// closed if it was not they who closed it. Google's keep them for 600 s.
	idleTimeout     = 620 * time.Second
	briskWait       = 2 * wire.Tick
	napAfter        = time.Second      // see carryOn
	headerTimeout   = 10 * time.Second // from the first octet of a request to its empty line
	stallTimeout    = 20 * time.Second // of a body in either direction without an octet
	lingerTimeout   = 2 * time.Second  // for a client to read an answer that came before its body's end
	lingerBytes     = 8 << 20          // that it may still send meanwhile
	maxConnsPerAddr = 4096
)

// Options says what a proxy works with. All fields are required, save those
// that say otherwise.
type Options struct {
	Domain, APIHost string
	Region          string
	EdgeKey         []byte // master of the per-cell keys
	Cache           *tenantcache.Cache
	Fetch           tenantcache.Fetch
	Rules           func() *policy.Rules // those that hold now
	Tokens          *authn.Verifier      // nil: access tokens are refused
	Limiter         *limiter.Limiter     // nil: rates are not limited
	Hold            *hold.Hold           // nil: requests of a frozen tenant are refused
	RequestTimeout  time.Duration        // from the first octet read to the answer's header
	CellTLS         *tls.Config          // for https cells; nil: the system's roots
	Trusted         []netip.Prefix       // whose X-Forwarded-For is believed
	AccessLog       *AccessLog           // nil: none
	Tracer          *tracing.Tracer      // nil: nothing is traced
	Log             *slog.Logger
	Registry        prometheus.Registerer // nil: no metrics are exported
	Now             func() time.Time      // nil: the wall's clock
}

// Proxy serves listeners. It is safe for concurrent use.
type Proxy struct {
	opts        Options
	resolver    *resolve.Resolver
	cells       *upstream.Cells
	signers     signers
	controllers controllers
	metrics     *metrics
	clients     *wire.Reaper // connections of clients
	backends    *wire.Reaper // connections to cells
	sessions    sync.WaitGroup
	draining    atomic.Bool

	replaying atomic.Int64 // octets set aside for copies of uploads
	asked     asked        // traces that clients asked for

	mu        sync.Mutex
	listeners []net.Listener
	closed    bool

	stop    context.CancelFunc
	ticking sync.WaitGroup
}

// New returns a proxy that serves nothing yet. Shutdown ends it.
func New(opts Options) *Proxy {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.CellTLS == nil {
		opts.CellTLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	p := &Proxy{
		opts: opts, resolver: resolve.New(opts.Domain, opts.APIHost), signers: signers{master: opts.EdgeKey},
		controllers: controllers{now: opts.Now, pulse: shed.NewPulse(opts.Now)},
		metrics:     newMetrics(opts.Registry, opts.Cache), clients: wire.NewReaper(opts.Now), backends: wire.NewReaper(opts.Now),
	}
	p.cells = upstream.New(upstream.Options{
		MaxConns: maxConnsPerAddr, TLS: opts.CellTLS, Reaper: p.backends, Log: opts.Log, Registry: opts.Registry,
	})
	if opts.Registry != nil {
		opts.Registry.MustRegister(shed.Collector(p.controllers.all()))
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	for _, beats := range []func(context.Context) error{p.clients.Run, p.backends.Run, p.controllers.pulse.Run} {
		p.ticking.Go(func() { _ = beats(ctx) }) // nil
	}
	return p
}

// handle is the chain of a request: it leaves the answer to be sent in x, or
// has sent it.
func (p *Proxy) handle(x *exchange) error {
	x.identify()
	if err := p.classify(x); err != nil {
		return err
	}
	if err := p.route(x); err != nil {
		return err
	}
	if x.applyEdgePolicy(); x.preflight() {
		return p.answerPreflight(x)
	}
	if err := p.authenticate(x); err != nil {
		return err
	}
	if unpaid := policy.Afford(directory.AccessOf(x.entry.Edge), x.match, view(x.req.Method)); unpaid != nil {
		return unpaid
	}
	if err := p.limit(x); err != nil {
		return err
	}
	if err := x.prepare(); err != nil {
		return err
	}
	return p.forward(x)
}

// classify finds the request's route and API version.
func (p *Proxy) classify(x *exchange) error {
	x.rules = p.opts.Rules()
	path := pathOf(x.req.Target)
	x.match = x.rules.Route(x.req.Method, path)
	var denied *fault.Error
	if x.versionLines, denied = x.rules.Version(path, x.start); denied != nil {
		return denied
	}
	return nil
}

// applyEdgePolicy makes the tenant's own header rules ready, if it has any.
func (x *exchange) applyEdgePolicy() {
	if edge := x.entry.Edge; edge != nil {
		x.tenantRequest, x.tenantResponse = policy.CompileHeaders(edge.RequestHeaders), policy.CompileHeaders(edge.ResponseHeaders)
	}
}

// Ready is for readiness checks: it fails once the proxy drains.
func (p *Proxy) Ready(context.Context) error {
	if p.draining.Load() {
		return errors.New("draining")
	}
	return nil
}
