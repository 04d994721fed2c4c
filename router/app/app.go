package app

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/router/internal/feed"
	"github.com/coditect/platform/router/internal/lookup"
	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

// Run runs a router until ctx ends, then drains it. Logs go to out. Started, if
// not nil, is called with the addresses once the router listens.
func Run(ctx context.Context, opts Options, out io.Writer, started func(edge, admin net.Addr)) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	r, err := build(opts, out)
	if err != nil {
		return err
	}
	edge, err := r.listen()
	if err != nil {
		return err
	}
	admin, err := web.Listen(opts.AdminListen)
	if err != nil {
		return errors.Join(err, edge.Close())
	}
	if started != nil {
		started(edge.Addr(), admin.Addr())
	}
	return r.run(ctx, edge, admin)
}

// router is the wired program.
type router struct {
	opts   Options
	log    *slog.Logger
	cache  *tenantcache.Cache
	client *lookup.Client
	disk   *lookup.Disk
	edge
	proxy     *proxy.Proxy
	accessLog *proxy.AccessLog
	admin     *telemetry.Admin
	tracer    *tracing.Tracer // nil: nothing is traced
	saved     atomic.Uint64   // version of the snapshot on disk; 0: none
	gcPercent int             // that memory's tuning set last
	loaded    chan struct{}   // closed once the directory was loaded, or StartGrace is over
}

func build(opts Options, out io.Writer) (*router, error) {
	r := &router{
		opts: opts, log: telemetry.NewLogger(out, opts.LogLevel, "router").With("region", opts.Region),
		client: lookup.NewClient(opts.DirectoryURL, opts.DirectoryToken), admin: telemetry.NewAdmin(), loaded: make(chan struct{}),
	}
	if err := r.buildEdge(); err != nil {
		return nil, err
	}
	var err error
	r.tracer, err = tracing.New(opts.Trace, tracing.Process{Service: "router", Region: opts.Region, Log: r.log, Registry: r.admin.Registry})
	if err != nil {
		return nil, err
	}
	if err := r.admin.WatchDisks(opts.Disks); err != nil {
		return nil, err
	}
	if r.cache, err = r.newCache(); err != nil {
		return nil, err
	}
	if r.disk, err = lookup.NewDisk(opts.Snapshot); err != nil {
		return nil, err
	}
	if opts.AccessLog {
		r.accessLog = proxy.NewAccessLog(out)
	}
	key, err := hex.DecodeString(opts.EdgeKey)
	if err != nil {
		return nil, errors.New("ROUTER_EDGE_KEY: not hex")
	}
	networks, err := opts.trusted()
	if err != nil {
		return nil, err
	}
	r.proxy = proxy.New(proxy.Options{
		Domain: opts.Domain, APIHost: opts.APIHost, Region: opts.Region, EdgeKey: key, Cache: r.cache, Fetch: r.client.Lookup,
		Trusted: networks, Rules: r.policy.rules.Load, Tokens: r.tokens, Limiter: r.limiter, Hold: r.hold,
		RequestTimeout: opts.RequestTimeout, AccessLog: r.accessLog, Tracer: r.tracer, Log: r.log, Registry: r.admin.Registry,
	})
	r.admin.AddCheck("proxy", r.proxy.Ready)
	r.admin.AddCheck("directory", r.directoryLoaded)
	r.admin.Handle("GET /debug/entry", entryHandler(r.cache))
	r.admin.Handle("GET /debug/cache", cacheHandler(r.cache))
	r.admin.Handle("POST /drain", r.drainHandler())
	return r, nil
}

func (r *router) directoryLoaded(context.Context) error {
	select {
	case <-r.loaded:
		return nil
	default:
		return errors.New("the first load of the directory is under way")
	}
}

// run serves until ctx ends. The feed, the snapshot writer and the admin
// listener outlive the edge's drain.
func (r *router) run(ctx context.Context, edge, admin net.Listener) error {
	nc, err := feed.Connect(r.opts.NATSURL)
	if err != nil {
		return errors.Join(err, edge.Close(), admin.Close())
	}
	var stack run.Stack
	stack.Push("traces", r.tracer.Close)
	stack.PushClose("NATS", nc.Close)
	stack.Push("edge", func(context.Context) error { return r.closeEdge() })

	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	tasks, background := errgroup.WithContext(background)
	stack.Push("background", func(context.Context) error { stopBackground(); return tasks.Wait() })

	f := r.newFeed(background)
	f.Register(r.admin.Registry)
	tasks.Go(func() error { r.awaitDirectory(background, f); return nil })
	tasks.Go(func() error { return f.Run(background, nc) })
	tasks.Go(func() error { return r.saveSnapshots(background, f) })
	tasks.Go(func() error { return r.tuneMemory(background) })
	r.runEdge(background, tasks)
	if r.accessLog != nil {
		tasks.Go(func() error { return r.accessLog.Run(background) })
	}
	tasks.Go(func() error {
		return web.Serve(background, web.ServerOptions{Name: "admin listener", Listener: admin, Handler: http.Handler(r.admin), Log: r.log})
	})

	failed := make(chan error, 1)
	go func() { failed <- r.proxy.Serve(edge) }()
	stack.Push("edge", r.proxy.Shutdown)
	r.log.InfoContext(ctx, "router listens", "edge", edge.Addr().String(), "admin", admin.Addr().String())

	var cause error
	select {
	case <-ctx.Done():
		r.drainFirst(ctx)
	case cause = <-failed:
	case <-background.Done():
		cause = context.Cause(background)
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.ShutdownTimeout)
	defer cancel()
	return errors.Join(cause, stack.Unwind(deadline))
}
