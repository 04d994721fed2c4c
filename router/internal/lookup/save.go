package lookup

import (
	"context"
	"os"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
)

// While requests are served, saving rests this long after so many tenants: it
// takes a fifth of one core at most.
const (
	savedAtOnce = 2048
	saveRest    = 2 * time.Millisecond
)

// Save replaces the snapshot by what the cache holds, as of version: what is
// newer may be in it. It needs the memory of one block, holds no lock of the
// cache for long, and takes its time until ctx ends; then it hurries.
func (d *Disk) Save(ctx context.Context, cache *tenantcache.Cache, version uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.replace(func(file *os.File) error {
		return write(ctx, directory.NewSnapshotWriter(file), cache, version)
	})
}

func write(ctx context.Context, w *directory.SnapshotWriter, cache *tenantcache.Cache, version uint64) error {
	known := map[string]bool{}
	for _, cell := range cache.Cells() {
		known[cell.ID] = true
		if err := w.Cell(cell); err != nil {
			return err
		}
	}
	written := 0
	err := cache.Each(func(entries []tenantcache.Entry) error {
		for i := range entries {
			if e := &entries[i]; known[e.Cell] { // else learnt while we write; the next snapshot has it
				if err := w.Tenant(&e.Assignment); err != nil {
					return err
				}
			}
		}
		if written += len(entries); written >= savedAtOnce {
			written = 0
			rest(ctx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.Close(version)
}

func rest(ctx context.Context) {
	timer := time.NewTimer(saveRest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
