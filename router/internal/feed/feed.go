package feed

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// Source is where missed changes are asked for: the control plane, or a test's.
type Source interface {
	Changes(ctx context.Context, since uint64, wait time.Duration) (directory.Changes, error)
	// Reload takes a whole snapshot into the cache and returns its version.
	Reload(ctx context.Context) (uint64, error)
}

// Feed applies changes. Its methods may be called concurrently.
type Feed struct {
	cache  *tenantcache.Cache
	source Source
	log    *slog.Logger
	keep   bool // whether tenants that nobody asked for are kept

	loaded     chan struct{}
	loadedOnce sync.Once

	mu        sync.Mutex // one writer of position
	position  atomic.Uint64
	connected atomic.Bool
	lastAt    atomic.Int64 // Unix nanoseconds of the newest applied change
	vouch     vouch
}

// Options says what a feed feeds.
type Options struct {
	Cache   *tenantcache.Cache
	Source  Source
	Log     *slog.Logger
	KeepAll bool   // keep tenants nobody asked for, as far as the cache has room
	From    uint64 // version of the snapshot that the cache was filled from; 0: none
}

// New returns a feed at the position opts.From.
func New(opts Options) *Feed {
	f := &Feed{cache: opts.Cache, source: opts.Source, log: opts.Log, keep: opts.KeepAll, loaded: make(chan struct{})}
	f.position.Store(opts.From)
	if opts.From > 0 {
		f.setLoaded()
	}
	return f
}

// Position is the version up to which all changes were applied.
func (f *Feed) Position() uint64 { return f.position.Load() }

// Connected reports whether JetStream delivers.
func (f *Feed) Connected() bool { return f.connected.Load() }

// Fresh reports whether changes arrive, by whatever way.
func (f *Feed) Fresh() bool { return f.vouch.fresh() }

// offer applies a run if it continues the log, and reports whether it did. What
// is already known is skipped.
func (f *Feed) offer(run directory.Changes) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	position := f.position.Load()
	if run.Since > position {
		return false
	}
	for i := range run.Changes {
		if c := &run.Changes[i]; c.Version > position {
			f.apply(c)
		}
	}
	if last := run.Last(); last > position {
		f.position.Store(last)
	}
	return true
}

func (f *Feed) apply(c *directory.Change) {
	switch {
	case c.Cell != nil:
		f.cache.PutCell(*c.Cell)
	case c.Tenant == nil:
	case f.keep:
		f.cache.Put(*c.Tenant)
	default:
		f.cache.PutIfKnown(*c.Tenant)
	}
	f.lastAt.Store(c.Time.UnixNano())
}

func (f *Feed) setLoaded() { f.loadedOnce.Do(func() { close(f.loaded) }) }

// CatchUp asks the source for everything after the position, waiting up to wait
// for something new. Without a position it takes a whole snapshot first.
func (f *Feed) CatchUp(ctx context.Context, wait time.Duration) error {
	err := f.catchUp(ctx, wait)
	if err != nil && ctx.Err() == nil {
		f.notAnswered()
	}
	return err
}

func (f *Feed) catchUp(ctx context.Context, wait time.Duration) error {
	if f.Position() == 0 {
		if err := f.reload(ctx); err != nil {
			return err
		}
	}
	for {
		run, err := f.source.Changes(ctx, f.Position(), wait)
		if fault.CodeOf(err) == fault.Gone {
			if err := f.reload(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		f.offer(run)
		if len(run.Changes) == 0 {
			f.answered()
			return nil
		}
		wait = 0
	}
}

// Loaded is closed once the feed has a position: everything up to it is known.
func (f *Feed) Loaded() <-chan struct{} { return f.loaded }

func (f *Feed) reload(ctx context.Context) error {
	version, err := f.source.Reload(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if version > f.position.Load() {
		f.position.Store(version)
	}
	f.log.InfoContext(ctx, "directory loaded", "version", version)
	f.setLoaded()
	return nil
}
