package app

import (
	"context"
	"time"

	"github.com/coditect/platform/router/internal/feed"
)

const (
	// firstSave follows the first load at once: a crash in the first minute
	// should not cost the router its memory.
	firstSave = time.Second
	// restAfterSave, in times that the save took, keeps a large directory from
	// being written all the time. The feed catches up from an older one.
	restAfterSave = 100
)

// saveSnapshots writes the snapshot when something changed, and once more at the
// end.
func (r *router) saveSnapshots(ctx context.Context, f *feed.Feed) error {
	timer := time.NewTimer(firstSave)
	defer timer.Stop()
	var learnt uint64 // fetches before the last save
	for {
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		start := time.Now()
		if fetches := r.cache.Stats().Fetches; f.Position() > r.saved.Load() || r.opts.Cache == CacheLRU && fetches != learnt && f.Position() > 0 {
			r.save(ctx, f.Position())
			learnt = fetches
		}
		if ctx.Err() != nil {
			return nil
		}
		pause := max(r.opts.SnapshotInterval, restAfterSave*time.Since(start))
		if r.saved.Load() == 0 {
			pause = firstSave
		}
		timer.Reset(pause)
	}
}

func (r *router) save(ctx context.Context, position uint64) {
	if err := r.disk.Save(ctx, r.cache, position); err != nil {
		r.log.WarnContext(ctx, "snapshot not saved; the last one stays", "err", err)
		return
	}
	r.saved.Store(position)
}
