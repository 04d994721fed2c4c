package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coditect/platform/cell"
)

// KeepRunning records how far the running jobs are and that they live, and stops
// those that somebody cancelled. It is called again and again, about once a
// second; while nothing runs it asks nobody.
func (w *Worker) KeepRunning(ctx context.Context) error {
	w.mu.Lock()
	tasks := make([]*Task, 0, len(w.running))
	for _, task := range w.running {
		tasks = append(tasks, task)
	}
	w.mu.Unlock()
	if len(tasks) == 0 {
		return nil
	}
	return errors.Join(w.beat(ctx, tasks), w.stopCancelled(ctx))
}

func (w *Worker) beat(ctx context.Context, tasks []*Task) error {
	var beats []cell.JobProgress
	now := time.Now()
	for _, task := range tasks {
		if p, due := task.due(now, w.opts.Silence); due {
			beats = append(beats, p)
		}
	}
	if len(beats) == 0 {
		return nil
	}
	if err := w.opts.Attempts.BeatJobs(ctx, beats); err != nil {
		return fmt.Errorf("record progress: %w", err)
	}
	return nil
}

func (w *Worker) stopCancelled(ctx context.Context) error {
	refs, err := w.opts.Cancellations.CancelledJobs(ctx)
	if err != nil {
		return fmt.Errorf("find cancelled jobs: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ref := range refs {
		if task := w.running[ref]; task != nil {
			task.cancel(errCancelled)
		}
	}
	return nil
}
