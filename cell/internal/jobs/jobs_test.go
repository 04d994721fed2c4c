package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/shared/fault"
)

func TestBackoffDoublesUpToItsLongest(t *testing.T) {
	t.Parallel()
	b := jobs.Backoff{First: time.Second, Longest: 10 * time.Second}
	for attempts, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 1000: 10 * time.Second} {
		for range 50 {
			if got := b.Pause(attempts); got < want*8/10 || got > want*12/10 {
				t.Errorf("after %d attempts: %s, want about %s", attempts, got, want)
			}
		}
	}
}

// rows are jobs' rows, of which each outcome is noted.
type rows struct {
	kind    cell.JobKind
	claim   error
	refused map[uuid.UUID]error // what recording the outcome of a job comes to

	mu       sync.Mutex
	finished map[uuid.UUID]bool
	reasons  map[uuid.UUID]string
	writes   int // transactions that recorded outcomes
}

func (r *rows) ClaimJobs(_ context.Context, refs []cell.JobRef) ([]cell.Claimed, error) {
	var claimed []cell.Claimed
	for _, ref := range refs {
		if ref.Attempt == 0 { // an old message
			continue
		}
		ref.Attempt = 3
		claimed = append(claimed, cell.Claimed{Ref: ref, Job: cell.Job{ID: ref.JobID, Kind: r.kind, Attempts: 3, MaxAttempts: 8}})
	}
	return claimed, r.claim
}

func (r *rows) FinishJobs(_ context.Context, jobs []cell.Finished) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes++
	for _, job := range jobs {
		if err := r.refused[job.Ref.JobID]; err != nil {
			return err
		}
	}
	for _, job := range jobs {
		r.finished[job.Ref.JobID] = job.Ref.Attempt == 3
	}
	return nil
}

func (r *rows) FailJobs(_ context.Context, jobs []cell.Failed) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, job := range jobs {
		if time.Until(job.RetryAt) > 0 {
			r.reasons[job.Ref.JobID] = job.Reason
		}
	}
	return nil
}

func (r *rows) BeatJobs(context.Context, []cell.JobProgress) error { return nil }

func (r *rows) CancelledJobs(context.Context) ([]cell.JobRef, error) { return nil, nil }

func newRows() *rows {
	return &rows{kind: "k", refused: map[uuid.UUID]error{}, finished: map[uuid.UUID]bool{}, reasons: map[uuid.UUID]string{}}
}

func newWorker(t *testing.T, r *rows, slots int, do jobs.Effect) *jobs.Worker {
	t.Helper()
	return newWorkerWith(t, r, jobs.NewMetrics(prometheus.NewRegistry()), slots, do)
}

func newWorkerWith(t *testing.T, r *rows, metrics *jobs.Metrics, slots int, do jobs.Effect) *jobs.Worker {
	t.Helper()
	w, err := jobs.NewWorker(jobs.WorkerOptions{
		Attempts: r, Cancellations: r, Kinds: []jobs.Kind{{Name: "k", Do: do}}, Log: slog.New(slog.DiscardHandler),
		Metrics: metrics, Slots: slots, Timeout: time.Minute, Silence: time.Minute,
		Backoff: jobs.Backoff{First: time.Minute, Longest: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func give(t *testing.T, w *jobs.Worker, refs ...cell.JobRef) error {
	t.Helper()
	room := w.Room(t.Context(), cell.NormalPriority, len(refs))
	if room != len(refs) {
		t.Fatalf("room for %d of %d", room, len(refs))
	}
	err := w.Begin(t.Context(), cell.NormalPriority, room, refs)
	w.Wait()
	return err
}

func TestWorkerSettlesEveryOutcome(t *testing.T) {
	t.Parallel()
	secret := errors.New("password=hunter2")
	for _, c := range []struct {
		name    string
		attempt int
		kind    cell.JobKind
		claim   error
		effect  error
		again   bool   // the message shall come again
		done    bool   // the job is done
		reason  string // or why not
		effects int
	}{
		{name: "done", attempt: 2, kind: "k", done: true, effects: 1},
		{name: "an old message", kind: "k"},
		{name: "database down", attempt: 2, kind: "k", claim: fault.New(fault.Unavailable, "down"), again: true},
		{name: "unknown kind", attempt: 2, kind: "other", reason: "this cell does not know this kind of job"},
		{name: "our failure", attempt: 2, kind: "k", effect: secret, reason: "something went wrong on our side", effects: 1},
		{name: "said failure", attempt: 2, kind: "k", effect: &jobs.Failure{Public: "no mail", Cause: secret}, reason: "no mail", effects: 1},
		{name: "timeout", attempt: 2, kind: "k", effect: context.DeadlineExceeded, reason: "it took too long", effects: 1},
		{name: "panic", attempt: 2, kind: "k", effect: errPanic, reason: "something went wrong on our side", effects: 1},
	} {
		effects, r, id := 0, newRows(), uuid.New()
		r.kind, r.claim = c.kind, c.claim
		w := newWorker(t, r, 1, func(context.Context, *jobs.Task) (cell.Outcome, error) {
			if effects++; errors.Is(c.effect, errPanic) {
				panic(c.effect)
			}
			return cell.Outcome{}, c.effect
		})
		err := give(t, w, cell.JobRef{JobID: id, Attempt: c.attempt})
		if (err != nil) != c.again || effects != c.effects || r.finished[id] != c.done || r.reasons[id] != c.reason {
			t.Errorf("%s: %v, %d effects, %+v", c.name, err, effects, r)
		}
		if w.Room(t.Context(), cell.NormalPriority, 1) != 1 {
			t.Errorf("%s: a slot was kept", c.name)
		}
	}
}

var errPanic = errors.New("oops")

// Outcomes that are recorded together do not spoil each other.
func TestOneBadOutcomeFailsAlone(t *testing.T) {
	t.Parallel()
	r := newRows()
	const n = 20
	refs := make([]cell.JobRef, n)
	for i := range refs {
		refs[i] = cell.JobRef{JobID: uuid.New(), Attempt: 1}
	}
	over, bad := refs[3].JobID, refs[7].JobID
	r.refused[over], r.refused[bad] = cell.ErrAttemptOver, errors.New("constraint")
	var all sync.WaitGroup
	all.Add(n)
	w := newWorker(t, r, n, func(context.Context, *jobs.Task) (cell.Outcome, error) {
		all.Done()
		all.Wait() // so that many outcomes come at once
		return cell.Outcome{}, nil
	})
	if err := give(t, w, refs...); err != nil {
		t.Fatal(err)
	}
	if len(r.finished) != n-2 || len(r.reasons) != 1 || r.reasons[bad] == "" {
		t.Errorf("%d finished, failures %v", len(r.finished), r.reasons)
	}
}

func TestOutcomesShareTransactions(t *testing.T) {
	t.Parallel()
	r := newRows()
	const n = 500
	refs := make([]cell.JobRef, n)
	for i := range refs {
		refs[i] = cell.JobRef{JobID: uuid.New(), Attempt: 1}
	}
	w := newWorker(t, r, n, func(context.Context, *jobs.Task) (cell.Outcome, error) { return cell.Outcome{}, nil })
	r.mu.Lock() // the database is slow
	done := make(chan error, 1)
	room := w.Room(t.Context(), cell.NormalPriority, n)
	if err := w.Begin(t.Context(), cell.NormalPriority, room, refs); err != nil {
		t.Fatal(err)
	}
	go func() { w.Wait(); done <- nil }()
	r.mu.Unlock()
	<-done
	if len(r.finished) != n || r.writes >= n {
		t.Errorf("%d jobs in %d transactions", len(r.finished), r.writes)
	}
}
