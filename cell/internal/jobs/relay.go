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
	// Lead returns nil without an error while another process is the relay.
	Lead(ctx context.Context) (Leadership, error)
	DueJobs(ctx context.Context, limit int) ([]cell.JobRef, error)
	LostJobs(ctx context.Context, queued, running time.Duration, limit int) ([]cell.JobRef, error)
	MarkQueued(ctx context.Context, refs []cell.JobRef) error
	Reset(ctx context.Context, refs []cell.JobRef) error
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

const relayBatch = 500

// Relay hands due jobs to the broker.
type Relay struct {
	Rows      Rows
	Publisher Publisher
	Log       *slog.Logger

	Poll         time.Duration // how often it looks without being notified
	QueuedLimit  time.Duration // a job queued for longer is taken for lost
	RunningLimit time.Duration // likewise for a running one; longer than any effect may take
}

// RunOnce relays until leadership or a dependency is lost, or returns at once
// if another process relays.
func (r Relay) RunOnce(ctx context.Context) error {
	leadership, err := r.Rows.Lead(ctx)
	if err != nil || leadership == nil {
		return err
	}
	defer leadership.Resign()
	r.Log.InfoContext(ctx, "relaying jobs")
	var searched time.Time
	for {
		if time.Since(searched) >= r.searchEvery() {
			if err := r.resetLost(ctx); err != nil {
				return err
			}
			searched = time.Now()
		}
		more, err := r.relayDue(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if err := leadership.Await(ctx, r.Poll); err != nil {
			return err
		}
	}
}

// searchEvery spaces the searches for lost jobs: they need not be prompt.
func (r Relay) searchEvery() time.Duration { return max(r.Poll, r.QueuedLimit/4) }

// relayDue reports whether there may be more.
func (r Relay) relayDue(ctx context.Context) (bool, error) {
	refs, err := r.Rows.DueJobs(ctx, relayBatch)
	if err != nil {
		return false, fmt.Errorf("find due jobs: %w", err)
	}
	if len(refs) == 0 {
		return false, nil
	}
	// Broker first: a crash between the two sends a job twice, never not at all.
	if err := r.Publisher.Publish(ctx, refs); err != nil {
		return false, fmt.Errorf("publish jobs: %w", err)
	}
	if err := r.Rows.MarkQueued(ctx, refs); err != nil {
		return false, fmt.Errorf("mark jobs queued: %w", err)
	}
	return len(refs) == relayBatch, nil
}

func (r Relay) resetLost(ctx context.Context) error {
	refs, err := r.Rows.LostJobs(ctx, r.QueuedLimit, r.RunningLimit, relayBatch)
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
	return nil
}
