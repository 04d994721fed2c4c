package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/coditect/platform/router/internal/feed"
	"github.com/coditect/platform/router/internal/lookup"
	"github.com/coditect/platform/router/internal/tenantcache"
)

// revalidateAfter is the age at which an entry of LRU mode is asked for again
// while no changes arrive.
const revalidateAfter = time.Minute

func (r *router) newCache() (*tenantcache.Cache, error) {
	opts := tenantcache.Options{NegativeTTL: r.opts.NegativeTTL, RevalidateAfter: revalidateAfter, Fetch: r.client.Lookup, OnChange: r.tenantChanged}
	if r.opts.Cache == CacheLRU {
		opts.Bytes = int64(r.opts.CacheMiB) << 20
	}
	return tenantcache.New(opts)
}

// source is the control plane as the feed wants it.
type source struct {
	*lookup.Client
	*router
}

// Reload takes a whole snapshot into the cache; in LRU mode, of those tenants
// that are there already.
func (s source) Reload(ctx context.Context) (uint64, error) {
	fill := func(w io.Writer) error { return s.Snapshot(ctx, w) }
	info, _, err := s.disk.Reload(fill, s.cache, s.opts.Cache == CacheFull)
	if err != nil {
		return 0, err
	}
	s.saved.Store(info.Version)
	return info.Version, nil
}

// newFeed fills the cache from disk and returns the feed that goes on from
// there; without a snapshot on disk the feed itself begins with one.
func (r *router) newFeed(ctx context.Context) *feed.Feed {
	return feed.New(feed.Options{
		Cache: r.cache, Source: source{r.client, r}, Log: r.log, KeepAll: r.opts.Cache == CacheFull, From: r.loadDisk(ctx),
	})
}

// awaitDirectory makes the router ready once the directory is loaded and the
// issuer's keys are known, and after StartGrace in any case.
func (r *router) awaitDirectory(ctx context.Context, f *feed.Feed) {
	defer close(r.loaded)
	ctx, cancel := context.WithTimeout(ctx, r.opts.StartGrace)
	defer cancel()
	select {
	case <-f.Loaded():
	case <-ctx.Done():
		r.log.WarnContext(ctx, "no directory yet; unknown tenants are answered 503 until there is one")
	}
	r.awaitKeys(ctx)
}

func (r *router) awaitKeys(ctx context.Context) {
	if r.tokens == nil {
		return
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for r.tokens.Ready(ctx) != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			r.log.WarnContext(ctx, "the issuer's keys are not known yet; access tokens are answered 503 until they are")
			return
		}
	}
}

// loadDisk returns the version that the disk snapshot brought, 0 if it brought
// nothing. A snapshot that cannot be read is discarded: it is only a cache.
func (r *router) loadDisk(ctx context.Context) uint64 {
	start := time.Now()
	info, tenants, err := r.disk.Load(r.cache, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0
	case err != nil:
		r.log.WarnContext(ctx, "snapshot on disk discarded", "err", err, "discard_err", r.disk.Discard())
		return 0
	}
	r.saved.Store(info.Version)
	r.log.InfoContext(ctx, "directory loaded from disk", "version", info.Version, "tenants", tenants, "took", time.Since(start))
	return info.Version
}

// drainFirst tells load balancers before connections are refused.
func (r *router) drainFirst(ctx context.Context) {
	r.proxy.Drain()
	r.log.InfoContext(ctx, "draining")
	timer := time.NewTimer(r.opts.DrainDelay)
	defer timer.Stop()
	<-timer.C
}
