package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/coditect/platform/cell"
)

// Kind is a kind of job that a worker knows.
type Kind struct {
	Name    cell.JobKind
	Do      Effect
	Timeout time.Duration // of one attempt; 0: the worker's
}

// Effect does what one kind of job is for. What it changes in the database it
// returns, in the outcome: that is written in the transaction that marks the job
// done, and so takes effect exactly once. What it does elsewhere (a mail, a
// call) it may do again for the same job, so it gives that a stable id, such as
// one made from the job's.
//
// It stops soon after ctx ends: that is how a job is cancelled. A [Failure]
// tells the tenant why it failed; another error stays inside.
type Effect func(ctx context.Context, task *Task) (cell.Outcome, error)

// Failure is an error whose text the tenant may read.
type Failure struct {
	Public string
	Cause  error
}

// Error implements error.
func (f *Failure) Error() string { return f.Public + ": " + f.Cause.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Task is one attempt at a job.
type Task struct {
	Ref cell.JobRef // names this attempt
	Job cell.Job

	cancel context.CancelCauseFunc
	known  bool // the worker knows the job's kind
	begun  time.Time

	mu       sync.Mutex
	progress cell.JobProgress
	told     bool // progress has been recorded
	beat     time.Time
}

func newTask(claimed cell.Claimed, cancel context.CancelCauseFunc) *Task {
	now := time.Now()
	return &Task{
		Ref: claimed.Ref, Job: claimed.Job, cancel: cancel, begun: now, told: true, beat: now, progress: cell.JobProgress{Ref: claimed.Ref},
	}
}

// Progress says how far the job is, in percent, and in words that the tenant
// reads. It costs next to nothing: it is recorded at most once a second.
func (t *Task) Progress(percent int, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress.Percent, t.progress.Text, t.told = min(max(percent, 0), 100), text, false
}

// due returns what is to be recorded now: progress that is new, or a sign of
// life if the last one is older than silence.
func (t *Task) due(now time.Time, silence time.Duration) (cell.JobProgress, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told && now.Sub(t.beat) < silence {
		return cell.JobProgress{}, false
	}
	t.told, t.beat = true, now
	return t.progress, true
}
