package proxy

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/fault"
)

// Limits that nobody tunes.
const (
	MaxReplayBody  = 64 << 10 // bytes of a body that is kept for a replay
	maxHeaderBytes = 32 << 10
	maxHops        = 3 // cells that one request may be sent to
	idleTimeout    = 75 * time.Second
)

// Options says what a proxy works with. All fields but Registry are required.
type Options struct {
	Domain, APIHost string
	Region          string
	EdgeKey         []byte // master of the per-cell keys
	Cache           *tenantcache.Cache
	Fetch           tenantcache.Fetch
	RequestTimeout  time.Duration // from the first byte read to the answer's header
	AccessLog       *AccessLog    // nil: none
	Log             *slog.Logger
	Registry        prometheus.Registerer
	Now             func() time.Time
}

// Proxy forwards requests. Its Handle is safe for concurrent use.
type Proxy struct {
	opts     Options
	resolver *resolve.Resolver
	cells    *cellPools
	metrics  *metrics
	draining atomic.Bool
	server   *fasthttp.Server
}

// New returns a proxy that serves nothing yet.
func New(opts Options) *Proxy {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	p := &Proxy{
		opts: opts, resolver: resolve.New(opts.Domain, opts.APIHost),
		cells: newCellPools(opts.EdgeKey, opts.RequestTimeout), metrics: newMetrics(opts.Registry, opts.Cache),
	}
	p.server = &fasthttp.Server{
		Handler: p.Handle, Name: "", NoDefaultServerHeader: true, NoDefaultDate: true, NoDefaultContentType: true,
		ReadBufferSize: maxHeaderBytes, WriteBufferSize: 4 << 10, IdleTimeout: idleTimeout, ReadTimeout: opts.RequestTimeout,
		StreamRequestBody: true, DisablePreParseMultipartForm: true, ReduceMemoryUsage: false, CloseOnShutdown: true,
		MaxRequestBodySize: MaxReplayBody, // beyond it the body streams
		ErrorHandler:       p.refuse, Logger: quiet{},
	}
	return p
}

// quiet drops fasthttp's own log lines: they quote what clients send.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// Handle is the chain of a request.
func (p *Proxy) Handle(ctx *fasthttp.RequestCtx) {
	x := acquire(ctx, p.opts.Now())
	defer p.finish(x)

	if err := strict(ctx); err != nil {
		ctx.SetConnectionClose()
		p.fail(x, err)
		return
	}
	x.identify()
	if err := p.route(x); err != nil {
		p.fail(x, err)
		return
	}
	if err := x.prepareHeaders(); err != nil {
		p.fail(x, err)
		return
	}
	if err := p.forward(x); err != nil {
		p.fail(x, err)
	}
}

func (p *Proxy) finish(x *exchange) {
	if p.draining.Load() {
		x.ctx.SetConnectionClose()
	}
	took := p.opts.Now().Sub(x.start)
	p.metrics.observe(x.cell, x.ctx.Response.StatusCode(), took)
	if p.opts.AccessLog != nil {
		p.opts.AccessLog.write(x, took)
	}
	release(x)
}

// refuse answers what fasthttp itself could not read as a request.
func (p *Proxy) refuse(ctx *fasthttp.RequestCtx, err error) {
	f := fault.New(fault.Malformed, "the request is not valid HTTP/1.1")
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &small):
		f = fault.New(fault.TooLarge, "the request's header is larger than %d bytes", maxHeaderBytes)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		f = fault.New(fault.TooLarge, "the body is too large")
	}
	ctx.SetConnectionClose()
	writeProblem(ctx, f, "")
	p.metrics.observe("", ctx.Response.StatusCode(), 0)
}

func (p *Proxy) fail(x *exchange, err error) {
	if f := (*fault.Error)(nil); !errors.As(err, &f) {
		p.opts.Log.Error("request failed", "request_id", x.requestID, "err", err)
	}
	// What is left of a body would be read as the next request.
	if x.ctx.Request.IsBodyStream() {
		x.ctx.SetConnectionClose()
	}
	writeProblem(x.ctx, err, x.requestID)
}

// Ready is for readiness checks: it fails once the proxy drains.
func (p *Proxy) Ready(context.Context) error {
	if p.draining.Load() {
		return errors.New("draining")
	}
	return nil
}
