package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/amqp"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/mail"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/web"
)

// retryPause is the wait before a lost dependency is tried again; it doubles
// up to longestRetryPause.
const (
	retryPause        = 500 * time.Millisecond
	longestRetryPause = 5 * time.Second
)

// RunWorker does a cell's jobs until ctx ends, and finishes those it has begun.
// It returns nil after an orderly stop. While database or broker cannot be
// reached it waits for them; a schema that is too old is an error.
func RunWorker(ctx context.Context, opts WorkerOptions) (err error) {
	if err := opts.Validate(); err != nil {
		return err
	}
	var stack run.Stack
	defer func() { err = errors.Join(err, stack.Unwind(context.WithoutCancel(ctx))) }()

	mailer, err := mail.New(opts.SMTP, opts.MailFrom)
	if err != nil {
		return err
	}
	listeners, err := listen(&stack, opts.AdminListen)
	if err != nil {
		return err
	}
	// Each job at work uses one connection for short moments.
	store, err := citus.OpenStore(ctx, opts.DatabaseURL, int32(opts.Concurrency))
	if err != nil {
		return err
	}
	stack.PushClose("database", store.Close)
	rows, err := citus.OpenRelay(ctx, opts.RelayDatabaseURL)
	if err != nil {
		return err
	}
	stack.PushClose("relay's database", rows.Close)
	if err := refuseOldSchema(ctx, rows.CheckSchema); err != nil {
		return err
	}
	admin := telemetry.NewAdmin()
	admin.AddCheck("database", store.CheckSchema)
	memory, err := openMemory(&stack, opts.RedisURL, workerMemoryConns, store, rediscache.Options{Log: opts.Log, Registry: admin.Registry})
	if err != nil {
		return err
	}
	publisher := amqp.NewPublisher(opts.AMQPURL)
	stack.Push("broker", func(context.Context) error { return publisher.Close() })
	worker := newWorker(opts, store, mailer, admin)
	consumer := amqp.Consumer{
		URL: opts.AMQPURL, Concurrency: opts.Concurrency, Prefetch: 4 * opts.Concurrency, RetryPause: retryPause, Log: opts.Log,
	}
	relay := jobs.Relay{
		Rows: relayRows{rows}, Publisher: publisher, Log: opts.Log,
		Poll: opts.Poll, QueuedLimit: opts.QueuedLimit, RunningLimit: opts.RunningLimit,
	}
	if opts.Started != nil {
		opts.Started(listeners[0].Addr())
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return web.Serve(ctx, web.ServerOptions{Name: "admin", Listener: listeners[0], Handler: admin, Log: opts.Log})
	})
	if memory != nil {
		group.Go(func() error { return memoryLoop(opts.Log).Run(ctx, memory.RunOnce) })
	}
	group.Go(func() error { return loop(opts, "relay").Run(ctx, relay.RunOnce) })
	group.Go(func() error {
		return loop(opts, "consumer").Run(ctx, func(ctx context.Context) error { return consumer.RunOnce(ctx, worker.Handle) })
	})
	return group.Wait()
}

func loop(opts WorkerOptions, name string) run.Loop {
	return run.Loop{Name: name, Interval: retryPause, MaxPause: longestRetryPause, Log: opts.Log}
}

func newWorker(opts WorkerOptions, store *citus.Store, mailer *mail.Mailer, admin *telemetry.Admin) jobs.Worker {
	welcome := jobs.WelcomeEmail{Store: store, Mailer: mailer, TenantURL: opts.TenantURL, Domain: opts.Domain}
	return jobs.Worker{
		Attempts: store, Effects: map[cell.JobKind]jobs.Effect{cell.WelcomeEmail: welcome.Do},
		Log: opts.Log, Timeout: opts.JobTimeout, Backoff: jobs.Backoff{First: opts.FirstRetry, Longest: opts.LongestRetry},
		Counter: jobs.NewCounter(admin.Registry),
	}
}

// relayRows lets the jobs package see the database's leadership as its own.
type relayRows struct{ *citus.Relay }

// Lead implements jobs.Rows.
func (r relayRows) Lead(ctx context.Context) (jobs.Leadership, error) {
	leadership, err := r.Relay.Lead(ctx)
	if err != nil || leadership == nil {
		return nil, err // a nil *Leadership would not be a nil interface
	}
	return leadership, nil
}
