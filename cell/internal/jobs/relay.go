package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coditect/platform/cell"
)

// Rows are the jobs of all tenants. It is an interface because use-cases do
// not know the database.
type Rows interface {
	DueQueues(ctx context.Context, after cell.JobQueue, limit int) (queues []cell.JobQueue, more bool, err error)
	DueJobs(ctx context.Context, queues []cell.JobQueue, windows []int) ([]cell.JobShare, error)
	JobDepths(ctx context.Context) ([]cell.JobDepth, error)
	LostJobs(ctx context.Context, queued, running time.Duration, limit int) ([]cell.JobRef, error)
	MarkQueued(ctx context.Context, refs []cell.JobRef) error
	Reset(ctx context.Context, refs []cell.JobRef) error
}

// Election makes one process of a cell the relay. Lead returns nil without an
// error while another process is.
type Election interface {
	Lead(ctx context.Context) (Leadership, error)
}

// Leadership is the right to relay. Await returns when there may be something
// to do; its error means that the right is lost.
type Leadership interface {
	Await(ctx context.Context, longest time.Duration) error
	Resign()
}

// Publisher hands references to the broker and returns once it has confirmed
// them all. It is an interface because use-cases do not know the broker.
type Publisher interface {
	Publish(ctx context.Context, refs []cell.JobRef) error
}

const (
	queuePage  = 500 // rows of one look for queues with due jobs
	lostPage   = 500
	shortPause = 10 * time.Millisecond  // between rounds while queues wait for room
	longPause  = 200 * time.Millisecond // the same, when none got any

	fireEvery   = time.Second
	ensureEvery = time.Minute
	countEvery  = 15 * time.Second // jobs, for the metrics
)

// Relay hands due jobs to the broker: in rounds, of each tenant's lane as many
// as its window leaves room for.
type Relay struct {
	Rows      Rows
	Election  Election
	Publisher Publisher
	Scheduler Scheduler // fires where the relay is
	Log       *slog.Logger
	Metrics   *Metrics

	Slots        int           // jobs that one worker does at once in one lane
	Poll         time.Duration // how often it looks without being notified
	QueuedLimit  time.Duration // a job queued for longer is taken for lost
	RunningLimit time.Duration // likewise for a running one that gives no sign of life
}

// RunOnce relays until leadership or a dependency is lost, or returns at once
// if another process relays.
func (r Relay) RunOnce(ctx context.Context) error {
	leadership, err := r.Election.Lead(ctx)
	if err != nil || leadership == nil {
		return err
	}
	defer leadership.Resign()
	defer r.Metrics.lead()()
	r.Log.InfoContext(ctx, "relaying jobs")
	chores := r.chores()
	rounds := rounds{relay: r, windows: newWindows(r.Slots)}
	pause := shortPause
	for {
		for _, c := range chores {
			if err := c.runIfDue(ctx, time.Now()); err != nil {
				return err
			}
		}
		begun := time.Now()
		sent, waiting, err := rounds.run(ctx)
		if err != nil {
			return err
		}
		switch {
		case !waiting:
			pause = r.Poll
		case sent > 0:
			// Where many queues wait, a round that comes too early asks most in vain.
			pause = min(max(shortPause, 3*time.Since(begun)), longPause)
		default:
			pause = min(2*pause, longPause)
		}
		if err := leadership.Await(ctx, pause); err != nil {
			return err
		}
	}
}

// searchEvery spaces the searches for lost jobs: they need not be prompt.
func (r Relay) searchEvery() time.Duration {
	return max(r.Poll, min(r.QueuedLimit, r.RunningLimit)/4)
}

// chore is what a relay does besides, now and then.
type chore struct {
	every time.Duration
	last  time.Time
	do    func(ctx context.Context, now time.Time) error
}

func (c *chore) runIfDue(ctx context.Context, now time.Time) error {
	if now.Sub(c.last) < c.every {
		return nil
	}
	c.last = now
	return c.do(ctx, now)
}

func (r Relay) chores() []*chore {
	return []*chore{
		{every: r.searchEvery(), do: func(ctx context.Context, _ time.Time) error { return r.resetLost(ctx) }},
		{every: fireEvery, do: r.Scheduler.Fire},
		{every: ensureEvery, do: r.Scheduler.Ensure},
		{every: countEvery, do: func(ctx context.Context, _ time.Time) error { return r.countJobs(ctx) }},
	}
}

func (r Relay) countJobs(ctx context.Context) error {
	depths, err := r.Rows.JobDepths(ctx)
	if err != nil {
		return fmt.Errorf("count jobs: %w", err)
	}
	r.Metrics.show(depths)
	return nil
}

// rounds visits every queue with due jobs in turn.
type rounds struct {
	relay   Relay
	windows *windows
}

// run makes one round. It returns how many jobs it sent, and whether queues
// wait for room.
func (o rounds) run(ctx context.Context) (sent int, waiting bool, err error) {
	var last cell.JobQueue
	o.windows.begin()
	for more := true; more; {
		var queues []cell.JobQueue
		queues, more, err = o.relay.Rows.DueQueues(ctx, last, queuePage)
		if err != nil {
			return sent, waiting, fmt.Errorf("find queues with due jobs: %w", err)
		}
		if len(queues) == 0 {
			break
		}
		last = queues[len(queues)-1]
		n, full, err := o.serve(ctx, queues)
		if err != nil {
			return sent, waiting, err
		}
		sent, waiting = sent+n, waiting || full
	}
	o.windows.end()
	return sent, waiting, nil
}

func (o rounds) serve(ctx context.Context, queues []cell.JobQueue) (sent int, full bool, err error) {
	sizes := make([]int, len(queues))
	for i, q := range queues {
		sizes[i] = o.windows.size(q)
	}
	shares, err := o.relay.Rows.DueJobs(ctx, queues, sizes)
	if err != nil {
		return 0, false, fmt.Errorf("find due jobs: %w", err)
	}
	var refs []cell.JobRef
	for i, share := range shares {
		refs = append(refs, share.Due...)
		full = full || share.Out+len(share.Due) >= sizes[i]
		o.windows.saw(queues[i], share)
	}
	if len(refs) == 0 {
		return 0, full, nil
	}
	// Broker first: a crash between the two sends a job twice, never not at all.
	if err := o.relay.Publisher.Publish(ctx, refs); err != nil {
		return 0, full, fmt.Errorf("publish jobs: %w", err)
	}
	if err := o.relay.Rows.MarkQueued(ctx, refs); err != nil {
		return 0, full, fmt.Errorf("mark jobs queued: %w", err)
	}
	return len(refs), full, nil
}

func (r Relay) resetLost(ctx context.Context) error {
	refs, err := r.Rows.LostJobs(ctx, r.QueuedLimit, r.RunningLimit, lostPage)
	if err != nil {
		return fmt.Errorf("find lost jobs: %w", err)
	}
	if len(refs) == 0 {
		return nil
	}
	r.Log.WarnContext(ctx, "handing out jobs again that were not heard of", "jobs", len(refs))
	if err := r.Rows.Reset(ctx, refs); err != nil {
		return fmt.Errorf("reset lost jobs: %w", err)
	}
	r.Metrics.lost.Add(float64(len(refs)))
	return nil
}
