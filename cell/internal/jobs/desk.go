package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const (
	mostFlushes    = 2   // transactions that record outcomes at once
	mostOutcomes   = 128 // in one of them
	mostStatements = 512

	recordPause   = 100 * time.Millisecond // before an outcome is recorded again; it doubles
	recordPatient = 30 * time.Second       // for so long
)

// desk records outcomes. Those that come while others are being recorded share
// the next transaction: the busier the worker, the less a job costs.
type desk struct {
	opts WorkerOptions

	mu       sync.Mutex
	waiting  []*settlement
	flushing int
}

// settlement is the outcome of one attempt on its way to the database.
type settlement struct {
	ctx      context.Context // of the attempt, whose trace its log lines name
	task     *Task
	finished cell.Finished
	failure  error // of the attempt, or of what it changes
	recorded chan struct{}
}

func newDesk(opts WorkerOptions) *desk { return &desk{opts: opts} }

// settle returns once the outcome is recorded, or nobody wants it any more.
func (d *desk) settle(ctx context.Context, task *Task, outcome cell.Outcome, failure error) {
	s := &settlement{
		ctx: ctx, task: task, finished: cell.Finished{Ref: task.Ref, Outcome: outcome}, failure: failure, recorded: make(chan struct{}),
	}
	d.mu.Lock()
	d.waiting = append(d.waiting, s)
	flush := d.flushing < mostFlushes
	if flush {
		d.flushing++
	}
	d.mu.Unlock()
	if flush {
		d.flush(ctx)
	}
	<-s.recorded
}

// flush records what waits until nothing does.
func (d *desk) flush(ctx context.Context) {
	for {
		batch := d.take()
		if len(batch) == 0 {
			return
		}
		d.record(ctx, batch)
		for _, s := range batch {
			close(s.recorded)
		}
	}
}

// take returns an empty batch, and gives the right to flush back, if nothing waits.
func (d *desk) take() []*settlement {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, statements := 0, 0
	for n < len(d.waiting) && n < mostOutcomes && (n == 0 || statements < mostStatements) {
		if change := d.waiting[n].finished.Outcome.Change; change != nil {
			statements += change.Statements()
		}
		n++
	}
	batch := d.waiting[:n:n]
	if d.waiting = d.waiting[n:]; n == 0 {
		d.waiting = nil
		d.flushing--
	}
	return batch
}

// record first takes all for one transaction. If that fails, each one is on its
// own: only the guilty one then fails.
func (d *desk) record(ctx context.Context, batch []*settlement) {
	var finished []cell.Finished
	var well, failed []*settlement
	for _, s := range batch {
		if s.failure != nil {
			failed = append(failed, s)
			continue
		}
		well, finished = append(well, s), append(finished, s.finished)
	}
	err := patiently(ctx, func() error { return d.opts.Attempts.FinishJobs(ctx, finished) })
	for i, s := range well {
		if err != nil && len(well) > 1 && fault.CodeOf(err) != fault.Unavailable {
			d.finished(s, patiently(ctx, func() error { return d.opts.Attempts.FinishJobs(ctx, finished[i:i+1]) }))
		} else {
			d.finished(s, err)
		}
		if s.failure != nil {
			failed = append(failed, s)
		}
	}
	d.fail(ctx, failed)
}

// finished notes how recording a good outcome went. What it changes may turn
// out to be impossible: then the attempt failed.
func (d *desk) finished(s *settlement, err error) {
	var refused *cell.Refused
	switch {
	case err == nil:
		d.opts.Metrics.count(s.task, "done")
	case errors.Is(err, cell.ErrAttemptOver), errors.As(err, &refused), fault.CodeOf(err) == fault.Unavailable:
		// Nothing was written. The row says what becomes of the job: here once
		// the tenant thaws or the relay misses the attempt, or where it went.
		d.opts.Metrics.count(s.task, "void")
		d.opts.Log.InfoContext(s.ctx, "outcome of a job not recorded", "tenant", s.task.Ref.TenantID, "job", s.task.Ref.JobID, "err", err)
	default:
		s.failure = err
	}
}

func (d *desk) fail(ctx context.Context, settlements []*settlement) {
	if len(settlements) == 0 {
		return
	}
	failed := make([]cell.Failed, len(settlements))
	for i, s := range settlements {
		job, pause := s.task.Job, d.opts.Backoff.Pause(s.task.Job.Attempts)
		failed[i] = cell.Failed{Ref: s.task.Ref, RetryAt: time.Now().Add(pause), Reason: reason(s.failure)}
		d.opts.Metrics.count(s.task, outcomeOf(job, s.failure))
		d.opts.Log.WarnContext(s.ctx, "job failed", "tenant", s.task.Ref.TenantID, "job", job.ID, "kind", job.Kind, "attempt", job.Attempts,
			"of", job.MaxAttempts, "again_in", pause, "err", s.failure)
	}
	if err := patiently(ctx, func() error { return d.opts.Attempts.FailJobs(ctx, failed) }); err != nil {
		// The rows stay running; the relay finds them and hands them out again.
		d.opts.Log.WarnContext(ctx, "failures of jobs not recorded", "jobs", len(failed), "err", err)
	}
}

// patiently repeats what fails because the database does not answer.
func patiently(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(recordPatient)
	for pause := recordPause; ; pause *= 2 {
		err := try()
		if fault.CodeOf(err) != fault.Unavailable || time.Now().Add(pause).After(deadline) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}
