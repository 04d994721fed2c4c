package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

// Run runs the control plane until ctx ends, and then stops it in order:
// requests first, background work with them, connections last. It returns nil
// after an orderly stop.
//
// While the database cannot be reached it waits, not ready; a schema that is
// too old is an error.
func Run(ctx context.Context, opts Options) (err error) {
	if err := opts.Validate(); err != nil {
		return err
	}
	var stack run.Stack
	// What is left to stop at the end stops at once.
	defer func() { err = errors.Join(err, stack.Unwind(context.WithoutCancel(ctx))) }()

	at, err := listen(opts, &stack)
	if err != nil {
		return err
	}
	pool, err := pg.Open(ctx, opts.DatabaseURL, pg.PoolOptions{MaxConns: opts.DatabaseConns, MinConns: 8})
	if err != nil {
		return err
	}
	stack.PushClose("database", pool.Close)
	db := postgres.New(pool, opts.Clock)
	admin := telemetry.NewAdmin()
	pg.Watch(admin.Registry, "controlplane", pool)
	if err := admin.WatchDisks(opts.Disks); err != nil {
		return err
	}
	tracer, err := tracing.New(opts.Trace, tracing.Process{Service: "controlplane", Log: opts.Log, Registry: admin.Registry})
	if err != nil {
		return err
	}
	stack.Push("traces", tracer.Close)
	parts, err := assemble(opts, db, admin, &stack)
	if err != nil {
		return err
	}
	gate := &gate{next: parts.handler, hold: postgres.RecoveryStore{DB: db}.Held}
	parts.loops.jobs = append(parts.loops.jobs, job{"directory hold", databaseRetry, databaseRetry, gate.look, nil})
	admin.AddCheck("database", db.Ping)
	admin.AddCheck("schema", gate.check)
	if opts.Started != nil {
		opts.Started(at.addresses())
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, "admin", at.admin, admin, opts) })
	group.Go(func() error { return serve(ctx, "api", at.api, tracer.Handler(gate), opts) })
	if at.signin != nil {
		group.Go(func() error { return serve(ctx, "signin", at.signin, tracer.Handler(gate.before(parts.signin)), opts) })
	}
	parts.house.run(ctx, group)
	group.Go(func() error {
		if err := awaitSchema(ctx, db, opts.Log); err != nil || ctx.Err() != nil {
			return err
		}
		if err := gate.look(ctx); err != nil { // nobody gets in before this is known
			gate.held.Store(true) // the loop looks again
		}
		gate.open()
		return parts.loops.run(ctx)
	})
	return group.Wait()
}

// listeners are open from the start, so that a port that is taken is told at once.
type listeners struct{ api, admin, signin net.Listener }

func listen(opts Options, stack *run.Stack) (at listeners, err error) {
	open := func(name, address string) net.Listener {
		if err != nil {
			return nil
		}
		var l net.Listener
		if l, err = web.Listen(address); err != nil {
			return nil
		}
		stack.PushClose(name+" listener", func() { _ = l.Close() }) // closed already once it was served
		return l
	}
	at.api, at.admin = open("api", opts.Listen), open("admin", opts.AdminListen)
	if opts.SigninURL != "" {
		at.signin = open("signin", opts.SigninListen)
	}
	if err != nil || opts.TLS == "" {
		return at, err
	}
	certificate, err := web.OpenCertificate(opts.TLS, opts.Log)
	if err != nil {
		return at, fmt.Errorf("--tls: %w", err)
	}
	at.api = certificate.Over(at.api)
	if at.signin != nil {
		at.signin = certificate.Over(at.signin)
	}
	return at, nil
}

func (at listeners) addresses() Addresses {
	a := Addresses{API: at.api.Addr(), Admin: at.admin.Addr()}
	if at.signin != nil {
		a.Signin = at.signin.Addr()
	}
	return a
}

func serve(ctx context.Context, name string, l net.Listener, h http.Handler, opts Options) error {
	return web.Serve(ctx, web.ServerOptions{Name: name, Listener: l, Handler: h, Log: opts.Log})
}
