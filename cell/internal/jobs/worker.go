package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Attempts moves one job through its states, behind the fence of its tenant.
// It is an interface because use-cases do not know the database.
type Attempts interface {
	ClaimJob(ctx context.Context, ref cell.JobRef) (cell.Job, bool, error)
	FinishJob(ctx context.Context, ref cell.JobRef) error
	FailJob(ctx context.Context, ref cell.JobRef, retryAt time.Time, reason string) error
}

// Effect does what one kind of job is for. It may be called again for the same
// job. A [Failure] tells the tenant why it failed; another error stays inside.
type Effect func(ctx context.Context, ref cell.JobRef, job cell.Job) error

// Failure is an error whose text the tenant may read.
type Failure struct {
	Public string
	Cause  error
}

// Error implements error.
func (f *Failure) Error() string { return f.Public + ": " + f.Cause.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Worker does the jobs that the broker hands out.
type Worker struct {
	Attempts Attempts
	Effects  map[cell.JobKind]Effect
	Log      *slog.Logger
	Timeout  time.Duration // of one effect
	Backoff  Backoff
	Counter  *prometheus.CounterVec // by kind and outcome
}

// NewCounter returns the metric of what became of attempts.
func NewCounter(registry prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cell_job_attempts_total", Help: "Attempts at jobs, by kind and outcome."}, []string{"kind", "outcome"})
	registry.MustRegister(c)
	return c
}

// Handle makes one attempt. An error means that the database could not be
// asked, so the message should come again; everything else is settled in the
// job's row.
func (w Worker) Handle(ctx context.Context, ref cell.JobRef) error {
	job, claimed, err := w.Attempts.ClaimJob(ctx, ref)
	var refused *cell.Refused
	switch {
	case errors.As(err, &refused):
		// The tenant is frozen or gone. Its rows say what is to be done: here
		// once it thaws, or where it went.
		w.Log.InfoContext(ctx, "job left alone", "tenant", ref.TenantID, "job", ref.JobID, "tenant_state", refused.TenantState)
		return nil
	case err != nil:
		return fmt.Errorf("claim job %s: %w", ref.JobID, err)
	case !claimed:
		return nil
	}
	ref.Attempt = job.Attempts
	return w.settle(ctx, ref, job, w.attempt(ctx, ref, job))
}

func (w Worker) attempt(ctx context.Context, ref cell.JobRef, job cell.Job) error {
	effect, known := w.Effects[job.Kind]
	if !known {
		return fmt.Errorf("no worker of this version knows the job kind %q", job.Kind)
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	return effect(ctx, ref, job)
}

func (w Worker) settle(ctx context.Context, ref cell.JobRef, job cell.Job, failed error) error {
	var err error
	if failed == nil {
		w.Counter.WithLabelValues(string(job.Kind), "done").Inc()
		err = w.Attempts.FinishJob(ctx, ref)
	} else {
		w.Counter.WithLabelValues(string(job.Kind), "failed").Inc()
		pause := w.Backoff.Pause(job.Attempts)
		w.Log.WarnContext(ctx, "job failed", "tenant", ref.TenantID, "job", ref.JobID, "kind", job.Kind, "attempt", job.Attempts,
			"of", job.MaxAttempts, "again_in", pause, "err", failed)
		err = w.Attempts.FailJob(ctx, ref, time.Now().Add(pause), reason(failed))
	}
	if err != nil {
		// The row stays running; the relay finds it and hands it out again.
		w.Log.WarnContext(ctx, "outcome of a job not recorded", "tenant", ref.TenantID, "job", ref.JobID, "err", err)
	}
	return nil
}

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
