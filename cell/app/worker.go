package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/amqp"
	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/egress"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/mail"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

// retryPause is the wait before a lost dependency is tried again; it doubles
// up to longestRetryPause.
const (
	retryPause        = 500 * time.Millisecond
	longestRetryPause = 5 * time.Second
)

// keepInterval is how often progress is recorded and cancellations are looked for.
const keepInterval = time.Second

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
	store, err := citus.OpenStore(ctx, opts.DatabaseURL, opts.DatabaseConns)
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
	guard := newGuard(rows.WatchServer, opts.Log)
	store.Admit(guard.Admit)
	admin := telemetry.NewAdmin()
	admin.AddCheck("database", store.CheckSchema)
	tracer, err := observe(opts.Observe, tracing.Process{Service: "cell-worker", Cell: opts.Cell, Log: opts.Log}, admin, &stack, store, rows)
	if err != nil {
		return err
	}
	memory, err := openMemory(&stack, opts.RedisURL, workerMemoryConns, store, rediscache.Options{Log: opts.Log, Registry: admin.Registry})
	if err != nil {
		return err
	}
	blobs, err := blob.Open(ctx, opts.BlobURL)
	if err != nil {
		return err
	}
	stack.Push("object storage", func(context.Context) error { return blobs.Close() })
	publisher := amqp.NewPublisher(opts.AMQPURL, tracer)
	stack.Push("broker", func(context.Context) error { return publisher.Close() })
	outside := egress.New(opts.Egress.options())
	stack.PushClose("webhooks", outside.CloseIdle)
	metrics := jobs.NewMetrics(admin.Registry)
	worker, err := newWorker(opts, store, rows, blobs, mailer, outside, metrics, tracer)
	if err != nil {
		return err
	}
	relay := jobs.Relay{
		Rows: rows, Election: election{rows}, Publisher: publisher, Log: opts.Log, Metrics: metrics,
		Scheduler: jobs.Scheduler{Timetable: rows, Firing: store, System: systemSchedules, Log: opts.Log},
		Slots:     opts.Concurrency, Poll: opts.Poll, QueuedLimit: opts.QueuedLimit, RunningLimit: opts.RunningLimit,
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
	group.Go(func() error { return guard.Run(ctx) })
	group.Go(func() error { return loop(opts, "relay").Run(ctx, guard.Hold(relay.RunOnce)) })
	group.Go(func() error {
		return guard.While(ctx, func(ctx context.Context) error { return work(ctx, opts, worker) })
	})
	return group.Wait()
}

// work hands jobs to the worker until ctx ends, and returns when those that
// were begun have ended.
func work(ctx context.Context, opts WorkerOptions, worker *jobs.Worker) error {
	// What runs is kept running until it has ended, also after ctx has.
	keeping, stopKeeping := context.WithCancel(context.WithoutCancel(ctx))
	var keeper, consumers errgroup.Group
	keeper.Go(func() error {
		return run.Loop{Name: "running jobs", Interval: keepInterval, MaxPause: longestRetryPause, Log: opts.Log}.Run(keeping, worker.KeepRunning)
	})
	for _, lane := range cell.JobPriorities {
		consumer := amqp.Consumer{
			URL: opts.AMQPURL, Lane: lane, Prefetch: opts.Concurrency, RetryPause: retryPause, Worker: worker, Log: opts.Log,
		}
		consumers.Go(func() error { return loop(opts, "consumer").Run(ctx, consumer.RunOnce) })
	}
	err := consumers.Wait()
	worker.Wait()
	stopKeeping()
	return errors.Join(err, keeper.Wait())
}

func loop(opts WorkerOptions, name string) run.Loop {
	return run.Loop{Name: name, Interval: retryPause, MaxPause: longestRetryPause, Log: opts.Log}
}

func newWorker(opts WorkerOptions, store *citus.Store, rows *citus.Relay, blobs *blob.Store, mailer *mail.Mailer, guard *egress.Guard, metrics *jobs.Metrics, tracer *tracing.Tracer) (*jobs.Worker, error) {
	return jobs.NewWorker(jobs.WorkerOptions{
		Attempts: store, Cancellations: rows, Kinds: append(kinds(opts, store, blobs, mailer, guard), opts.Kinds...),
		Log: opts.Log, Metrics: metrics, Tracer: tracer,
		Slots: opts.Concurrency, Timeout: opts.JobTimeout, Silence: opts.RunningLimit / 4,
		Backoff: jobs.Backoff{First: opts.FirstRetry, Longest: opts.LongestRetry},
	})
}

// election lets the jobs package see the database's leadership as its own.
type election struct{ *citus.Relay }

// Lead implements jobs.Election.
func (e election) Lead(ctx context.Context) (jobs.Leadership, error) {
	leadership, err := e.Relay.Lead(ctx)
	if err != nil || leadership == nil {
		return nil, err // a nil *Leadership would not be a nil interface
	}
	return leadership, nil
}
