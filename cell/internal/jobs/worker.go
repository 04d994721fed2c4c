package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tracing"
)

// Attempts moves jobs through their states, many at once, behind the fences of
// their tenants. It is an interface because use-cases do not know the database.
type Attempts interface {
	ClaimJobs(ctx context.Context, refs []cell.JobRef) ([]cell.Claimed, error)
	FinishJobs(ctx context.Context, jobs []cell.Finished) error
	FailJobs(ctx context.Context, jobs []cell.Failed) error
	BeatJobs(ctx context.Context, beats []cell.JobProgress) error
}

// Cancellations finds the running jobs that are to stop. It is an interface
// because use-cases do not know the database.
type Cancellations interface {
	CancelledJobs(ctx context.Context) ([]cell.JobRef, error)
}

// WorkerOptions says what a worker works with. All fields are required but Tracer.
type WorkerOptions struct {
	Attempts      Attempts
	Cancellations Cancellations
	Kinds         []Kind
	Log           *slog.Logger
	Metrics       *Metrics
	Tracer        *tracing.Tracer // may be nil
	Slots         int             // jobs done at once, in each lane
	Timeout       time.Duration   // of one attempt, unless its kind has one
	Silence       time.Duration   // a running job gives a sign of life at least that often
	Backoff       Backoff
}

// Worker does the jobs that the broker hands out.
type Worker struct {
	opts  WorkerOptions
	kinds map[cell.JobKind]Kind
	slots map[cell.JobPriority]chan struct{}
	desk  *desk
	tasks sync.WaitGroup

	mu      sync.Mutex
	running map[cell.JobRef]*Task
}

// NewWorker returns a worker. Two kinds of one name are an error of the program.
func NewWorker(opts WorkerOptions) (*Worker, error) {
	w := &Worker{
		opts: opts, kinds: map[cell.JobKind]Kind{}, slots: map[cell.JobPriority]chan struct{}{}, desk: newDesk(opts), running: map[cell.JobRef]*Task{},
	}
	for _, kind := range opts.Kinds {
		if _, twice := w.kinds[kind.Name]; twice {
			return nil, fmt.Errorf("the job kind %s is registered twice", kind.Name)
		}
		w.kinds[kind.Name] = kind
	}
	for _, lane := range cell.JobPriorities {
		w.slots[lane] = make(chan struct{}, opts.Slots)
	}
	return w, nil
}

// Room waits until a slot of the lane is free and takes all that are, up to
// most. It returns how many; 0 if ctx ends before. They go to Begin.
func (w *Worker) Room(ctx context.Context, lane cell.JobPriority, most int) int {
	slots := w.slots[lane]
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; n < most; n++ {
		select {
		case slots <- struct{}{}:
		default:
			return n
		}
	}
	return most
}

// Begin begins jobs of the lane, at most as many as it has room for, and returns
// while they go on. An error means that the database could not be asked, so
// the references should come again; everything else is settled in the jobs'
// rows. A job that ctx would stop goes on to its end: Wait waits for it.
func (w *Worker) Begin(ctx context.Context, lane cell.JobPriority, room int, refs []cell.JobRef) error {
	slots := w.slots[lane]
	begun := 0
	defer func() {
		for range room - begun {
			<-slots
		}
	}()
	if len(refs) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	taken := time.Now()
	claimed, err := w.opts.Attempts.ClaimJobs(ctx, refs)
	if err != nil {
		return fmt.Errorf("claim %d jobs: %w", len(refs), err)
	}
	begun = len(claimed)
	traces := tracesOf(refs)
	for _, c := range claimed {
		w.tasks.Go(func() {
			defer func() { <-slots }()
			ctx, span := w.trace(ctx, c, traces[c.Job.ID], taken)
			defer span.End()
			w.do(ctx, c)
		})
	}
	return nil
}

// Wait returns when every job that was begun has ended.
func (w *Worker) Wait() { w.tasks.Wait() }

func (w *Worker) do(ctx context.Context, claimed cell.Claimed) {
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	task := newTask(claimed, cancel)
	_, task.known = w.kinds[claimed.Job.Kind]
	w.note(task, true)
	outcome, err := w.attempt(working, task)
	w.note(task, false)
	if err != nil {
		tracing.Fail(ctx, reason(err))
	}
	ctx, span := tracing.Begin(ctx, "record outcome", trace.SpanKindInternal)
	defer span.End()
	w.desk.settle(ctx, task, outcome, err)
}

func (w *Worker) note(task *Task, running bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if running {
		w.running[task.Ref] = task
	} else {
		delete(w.running, task.Ref)
	}
}

func (w *Worker) attempt(ctx context.Context, task *Task) (outcome cell.Outcome, err error) {
	kind := w.kinds[task.Job.Kind]
	if !task.known {
		return outcome, &Failure{Public: "this cell does not know this kind of job", Cause: fmt.Errorf("unknown job kind %q", task.Job.Kind)}
	}
	timeout := w.opts.Timeout
	if kind.Timeout > 0 {
		timeout = kind.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	outcome, err = kind.Do(ctx, task)
	if err != nil && errors.Is(context.Cause(ctx), errCancelled) {
		err = errCancelled
	}
	return outcome, err
}

// errCancelled ends a job that somebody cancelled.
var errCancelled = &Failure{Public: "it was cancelled", Cause: context.Canceled}

func reason(failed error) string {
	var f *Failure
	switch {
	case errors.As(failed, &f):
		return f.Public
	case errors.Is(failed, context.DeadlineExceeded):
		return "it took too long"
	case fault.CodeOf(failed) == fault.Unavailable:
		return "something it needs does not answer"
	}
	return "something went wrong on our side"
}
