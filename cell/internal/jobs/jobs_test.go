package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

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

// ledger is one job's row.
type ledger struct {
	claim    error
	claimed  bool
	kind     cell.JobKind
	finished int
	failed   []string
}

func (l *ledger) ClaimJob(context.Context, cell.JobRef) (cell.Job, bool, error) {
	return cell.Job{Kind: l.kind, Attempts: 3, MaxAttempts: 8}, l.claimed, l.claim
}

func (l *ledger) FinishJob(_ context.Context, ref cell.JobRef) error {
	if ref.Attempt == 3 {
		l.finished++
	}
	return nil
}

func (l *ledger) FailJob(_ context.Context, _ cell.JobRef, at time.Time, reason string) error {
	if time.Until(at) > 0 {
		l.failed = append(l.failed, reason)
	}
	return nil
}

func TestWorkerSettlesEveryOutcome(t *testing.T) {
	t.Parallel()
	secret := errors.New("password=hunter2")
	for _, c := range []struct {
		name    string
		ledger  ledger
		effect  error
		again   bool   // the message shall come again
		done    bool   // the job is done
		reason  string // or why not
		effects int
	}{
		{name: "done", ledger: ledger{claimed: true, kind: "k"}, done: true, effects: 1},
		{name: "an old message", ledger: ledger{kind: "k"}},
		{name: "frozen", ledger: ledger{kind: "k", claim: cell.RefusedFrozen()}},
		{name: "database down", ledger: ledger{kind: "k", claim: fault.New(fault.Unavailable, "down")}, again: true},
		{name: "unknown kind", ledger: ledger{claimed: true, kind: "other"}, reason: "something went wrong on our side"},
		{name: "our failure", ledger: ledger{claimed: true, kind: "k"}, effect: secret, reason: "something went wrong on our side", effects: 1},
		{name: "said failure", ledger: ledger{claimed: true, kind: "k"}, effect: &jobs.Failure{Public: "no mail", Cause: secret}, reason: "no mail", effects: 1},
		{name: "timeout", ledger: ledger{claimed: true, kind: "k"}, effect: context.DeadlineExceeded, reason: "it took too long", effects: 1},
	} {
		effects := 0
		w := jobs.Worker{
			Attempts: &c.ledger, Log: slog.New(slog.DiscardHandler), Timeout: time.Minute, Counter: jobs.NewCounter(prometheus.NewRegistry()),
			Backoff: jobs.Backoff{First: time.Minute, Longest: time.Hour},
			Effects: map[cell.JobKind]jobs.Effect{"k": func(context.Context, cell.JobRef, cell.Job) error { effects++; return c.effect }},
		}
		err := w.Handle(t.Context(), cell.JobRef{Attempt: 2})
		if (err != nil) != c.again || effects != c.effects || (c.ledger.finished == 1) != c.done || strings.Join(c.ledger.failed, "") != c.reason {
			t.Errorf("%s: %v, %d effects, %+v", c.name, err, effects, c.ledger)
		}
	}
}
