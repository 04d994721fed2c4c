package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/shared/tenancy"
)

// What a row calls its kind makes no series of its own.
func TestAttemptsAreCountedByKnownKinds(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	metrics := jobs.NewMetrics(registry)
	for _, kind := range []cell.JobKind{"k", "made up", "made up too"} {
		r := newRows()
		r.kind = kind
		w := newWorkerWith(t, r, metrics, 1, func(context.Context, *jobs.Task) (cell.Outcome, error) { return cell.Outcome{}, nil })
		if err := give(t, w, cell.JobRef{JobID: uuid.New(), Attempt: 1}); err != nil {
			t.Fatal(err)
		}
	}
	got := gather(t, registry)
	for name, want := range map[string]float64{
		`cell_job_attempts_total kind=k outcome=done`: 1, `cell_job_attempts_total kind=unknown outcome=failed`: 2,
		`cell_job_attempt_duration_seconds kind=k`: 1, `cell_job_attempt_duration_seconds kind=unknown`: 2,
	} {
		if got[name] != want {
			t.Errorf("%s: %v, want %v, of %v", name, got[name], want, got)
		}
	}
}

// Only the relay says how many jobs there are, and only while it is the relay.
func TestTheRelayCountsJobs(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	relay := jobs.Relay{
		Rows: counted{}, Election: &term{during: func() {
			got := gather(t, registry)
			if got["cell_jobs lane=low stage=dead"] != 7 || got["cell_job_oldest_seconds lane=low stage=dead"] != 60 || got["cell_job_relaying"] != 1 {
				t.Errorf("%v", got)
			}
			if zero, shown := got["cell_jobs lane=high stage=pending"]; zero != 0 || !shown {
				t.Errorf("what is not there is not 0: %v", got)
			}
		}},
		Scheduler: jobs.Scheduler{Timetable: counted{}, Log: slog.New(slog.DiscardHandler)}, Log: slog.New(slog.DiscardHandler),
		Metrics: jobs.NewMetrics(registry), Slots: 1, Poll: time.Second, QueuedLimit: time.Minute, RunningLimit: time.Minute,
	}
	if err := relay.RunOnce(t.Context()); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	got := gather(t, registry)
	if _, shown := got["cell_jobs lane=low stage=dead"]; shown || got["cell_job_relaying"] != 0 {
		t.Errorf("after its term: %v", got)
	}
}

// counted is a database with seven dead letters and nothing to do.
type counted struct{}

func (counted) JobDepths(context.Context) ([]cell.JobDepth, error) {
	return []cell.JobDepth{{Lane: cell.LowPriority, Stage: cell.StageDead, Jobs: 7, Oldest: time.Minute}}, nil
}

func (counted) DueQueues(context.Context, cell.JobQueue, int) ([]cell.JobQueue, bool, error) {
	return nil, false, nil
}

func (counted) DueJobs(context.Context, []cell.JobQueue, []int) ([]cell.JobShare, error) {
	return nil, nil
}

func (counted) LostJobs(context.Context, time.Duration, time.Duration, int) ([]cell.JobRef, error) {
	return nil, nil
}
func (counted) MarkQueued(context.Context, []cell.JobRef) error               { return nil }
func (counted) Reset(context.Context, []cell.JobRef) error                    { return nil }
func (counted) DueSchedules(context.Context, int) ([]cell.DueSchedule, error) { return nil, nil }
func (counted) TenantsWithout(context.Context, uuid.UUID, int) ([]tenancy.ID, error) {
	return nil, nil
}

var errLost = errors.New("leadership is lost")

// term is a leadership that is lost after the first round.
type term struct{ during func() }

func (m *term) Lead(context.Context) (jobs.Leadership, error) { return m, nil }

func (m *term) Await(context.Context, time.Duration) error {
	m.during()
	return errLost
}
func (m *term) Resign() {}

// gather returns values of counters and gauges, and the counts of histograms,
// by name and labels.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += " " + label.GetName() + "=" + label.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}
