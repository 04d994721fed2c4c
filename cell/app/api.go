package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/events"
	"github.com/coditect/platform/cell/internal/membership"
	"github.com/coditect/platform/cell/internal/metering"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/cell/internal/residency"
	"github.com/coditect/platform/cell/internal/standing"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

// moverConns bounds the mover's connections: it is not on any tenant's path, but
// each copy, digest and wait of a migration holds one.
const moverConns = 32

// expiryInterval is how often forgotten freezes are looked for, and so how much
// longer than agreed one may last.
const expiryInterval = time.Second

// keyUseInterval is how often the days on which keys were used are stored.
const keyUseInterval = time.Second

// usageInterval is how often counted calls are recorded.
const usageInterval = metering.Interval

// forgetInterval is how often answers that may be forgotten are looked for.
const forgetInterval = time.Minute

// Of those who follow events: how often it is looked for what no notification
// told, and how long a credential that is not good any more still follows.
const (
	lookInterval    = time.Second
	followerRecheck = 5 * time.Second
)

// RunAPI serves a cell's API until ctx ends, and then stops in order: requests
// first, connections last. It returns nil after an orderly stop.
//
// While the database cannot be reached it runs, not ready; a schema that is
// too old is an error.
func RunAPI(ctx context.Context, opts APIOptions) (err error) {
	if err := opts.Validate(); err != nil {
		return err
	}
	var stack run.Stack
	defer func() { err = errors.Join(err, stack.Unwind(context.WithoutCancel(ctx))) }()

	listeners, err := listen(&stack, opts.Listen, opts.InternalListen, opts.AdminListen)
	if err != nil {
		return err
	}
	if err := secured(opts, listeners[:2]); err != nil {
		return err
	}
	store, err := citus.OpenStore(ctx, opts.DatabaseURL, opts.DatabaseConns)
	if err != nil {
		return err
	}
	stack.PushClose("database", store.Close)
	mover, err := citus.OpenMover(ctx, opts.MoverDatabaseURL, moverConns)
	if err != nil {
		return err
	}
	stack.PushClose("mover's database", mover.Close)
	if err := refuseOldSchema(ctx, mover.CheckSchema); err != nil {
		return err
	}
	blobs, err := blob.Open(ctx, opts.BlobURL)
	if err != nil {
		return err
	}
	stack.Push("object storage", func(context.Context) error { return blobs.Close() })
	guard := newGuard(mover.WatchServer, opts.Log)
	store.Admit(guard.Admit)
	moves := newTransfers(opts, store, mover, blobs)
	stack.PushClose("migrations", moves.close)
	admin := telemetry.NewAdmin()
	admin.AddCheck("database", store.CheckSchema)
	tracer, err := observe(opts.Observe, tracing.Process{Service: "cell-api", Cell: opts.Cell, Region: opts.Region, Log: opts.Log}, admin, &stack, store, mover)
	if err != nil {
		return err
	}
	memory, err := openMemory(&stack, opts.RedisURL, apiMemoryConns, store, rediscache.Options{Log: opts.Log, Registry: admin.Registry, Timeout: opts.RedisTimeout})
	if err != nil {
		return err
	}
	meter := &membership.Meter{}
	hub := events.New(store, mover, followerRecheck, admin.Registry)
	usage := &metering.Meter{Recorder: store, Leavings: mover, Log: opts.Log, Clock: opts.Clock}
	stack.Push("usage", lastUsage(usage, guard, opts.Log)) // requests are over by then
	plane := newControlPlane(opts, &stack)
	tenantFacing, internal, err := handlers(opts, store, blobs, mover, moves, memory, hub, meter, usage, guard, admin, plane)
	if err != nil {
		return err
	}
	if opts.Started != nil {
		opts.Started(APIAddresses{API: listeners[0].Addr(), Internal: listeners[1].Addr(), Admin: listeners[2].Addr()})
	}

	group, ctx := errgroup.WithContext(ctx)
	for i, part := range []struct {
		name    string
		handler http.Handler
	}{{"api", tracer.Handler(tenantFacing)}, {"internal api", tracer.Handler(internal)}, {"admin", admin}} {
		group.Go(func() error {
			return web.Serve(ctx, web.ServerOptions{Name: part.name, Listener: listeners[i], Handler: part.handler, Log: opts.Log})
		})
	}
	group.Go(func() error { return guard.Run(ctx) })
	if memory != nil {
		group.Go(func() error { return memoryLoop(opts.Log).Run(ctx, memory.RunOnce) })
	}
	group.Go(func() error {
		return upkeep(opts.Log, "usage", usageInterval, time.Minute).Run(ctx, guard.Hold(usage.RunOnce))
	})
	expiry := residency.Expiry{Thawer: mover, Log: opts.Log}
	group.Go(func() error {
		return upkeep(opts.Log, "freeze expiry", expiryInterval, expiryInterval).Run(ctx, guard.Hold(expiry.RunOnce))
	})
	group.Go(func() error {
		return upkeep(opts.Log, "key uses", keyUseInterval, time.Minute).Run(ctx, guard.Hold(store.RecordKeyUses))
	})
	group.Go(func() error {
		return upkeep(opts.Log, "what may be forgotten", forgetInterval, 5*time.Minute).Run(ctx, guard.Hold(func(ctx context.Context) error {
			_, err := mover.ForgetAnswers(ctx)
			return err
		}))
	})
	keepAuditLog(ctx, opts, store, mover, guard, admin, group)
	moves.run(ctx, opts, guard, group)
	group.Go(func() error {
		return upkeep(opts.Log, "events", lookInterval, 10*lookInterval).Run(ctx, guard.Hold(hub.Look))
	})
	group.Go(func() error {
		return run.Loop{Name: "event listener", Interval: lookInterval, MaxPause: 10 * lookInterval, Log: opts.Log}.Run(ctx, hub.Listen)
	})
	if plane != nil {
		group.Go(func() error { return keepMembership(ctx, opts, plane, mover, meter, guard, listeners) })
	}
	return group.Wait()
}

// upkeep is work that nobody waits for when the process starts. Begun together,
// it would open a connection each.
func upkeep(log *slog.Logger, name string, interval, longestPause time.Duration) run.Loop {
	return run.Loop{Name: name, Interval: interval, MaxPause: longestPause, Spread: true, Log: log}
}

// newControlPlane returns nil for a cell that stands alone.
func newControlPlane(opts APIOptions, stack *run.Stack) *membership.Client {
	if opts.ControlplaneURL == "" {
		return nil
	}
	client := membership.NewClient(opts.ControlplaneURL, opts.ControlplaneToken)
	stack.PushClose("control plane", client.CloseIdle)
	return client
}

// keepMembership sends heartbeats; after failures too, at the usual pace.
func keepMembership(ctx context.Context, opts APIOptions, client *membership.Client, mover *citus.Mover, meter *membership.Meter, guard *standing.Guard, listeners []net.Listener) error {
	member := &membership.Member{
		Client: client, Cell: opts.Cell, Loads: mover, Requests: meter, Processors: &membership.Processors{}, Reconciling: guard.Refusing, Distrust: mover.Distrust, Log: opts.Log,
		Registration: membership.Registration{
			Region: opts.Region, Tier: opts.Tier, CapacityTenants: opts.CapacityTenants,
			Endpoint:         orOwn(opts.Advertise, opts.TLS != "", listeners[0]),
			InternalEndpoint: orOwn(opts.AdvertiseInternal, opts.TLS != "", listeners[1]),
		},
	}
	loop := run.Loop{Name: "membership", Interval: membership.Interval, MaxPause: membership.Interval, Log: opts.Log}
	return loop.Run(ctx, member.RunOnce)
}

func orOwn(advertised string, secure bool, l net.Listener) string {
	switch {
	case advertised != "":
		return advertised
	case secure:
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}
