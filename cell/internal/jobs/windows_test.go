package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/jobs"
)

// On a machine so slow that a round takes longer than a window is meant to last,
// a queue that runs dry gets more all the same; one that does not gets no more
// than leaves half of the slots free.
func TestAWindowGrowsWhenItsQueueRunsDry(t *testing.T) {
	t.Parallel()
	const slots = 32
	for name, c := range map[string]struct {
		stays int // of what was handed out, until the next round
		least int
		most  int
	}{
		"all is done at once": {least: 1000, most: 1000},
		"nothing is done":     {stays: 1 << 20, least: slots / 2, most: slots / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rows := &endless{stays: c.stays}
				err := relayOf(rows, slots).RunOnce(t.Context())
				if !errors.Is(err, errLost) || rows.window < c.least || rows.window > c.most {
					t.Errorf("%v, window %d", err, rows.window)
				}
			})
		})
	}
}

// endless is a queue that never ends.
type endless struct {
	counted
	stays  int
	out    int
	window int // the last one
	rounds int
}

func relayOf(rows *endless, slots int) jobs.Relay {
	log := slog.New(slog.DiscardHandler)
	return jobs.Relay{
		Rows: rows, Election: rows, Publisher: rows, Log: log, Metrics: jobs.NewMetrics(prometheus.NewRegistry()), Slots: slots,
		Scheduler: jobs.Scheduler{Timetable: counted{}, Log: log}, Poll: time.Second, QueuedLimit: time.Minute, RunningLimit: time.Minute,
	}
}

func (e *endless) DueQueues(context.Context, cell.JobQueue, int) ([]cell.JobQueue, bool, error) {
	return []cell.JobQueue{{}}, false, nil
}

func (e *endless) DueJobs(_ context.Context, _ []cell.JobQueue, windows []int) ([]cell.JobShare, error) {
	e.window, e.out = windows[0], min(e.out, e.stays)
	share := cell.JobShare{Out: e.out}
	for ; e.out < e.window; e.out++ {
		share.Due = append(share.Due, cell.JobRef{JobID: uuid.New()})
	}
	return []cell.JobShare{share}, nil
}

func (e *endless) Publish(context.Context, []cell.JobRef) error { return nil }

func (e *endless) Lead(context.Context) (jobs.Leadership, error) { return e, nil }

// Await takes longer than a window is meant to last.
func (e *endless) Await(context.Context, time.Duration) error {
	time.Sleep(time.Second) //nolint:forbidigo // in a bubble of synctest, where it takes no time
	if e.rounds++; e.rounds == 10 {
		return errLost
	}
	return nil
}

func (e *endless) Resign() {}
