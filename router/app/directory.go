package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/coditect/platform/router/internal/feed"
	"github.com/coditect/platform/router/internal/lookup"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
)

// source is the control plane as the feed wants it.
type source struct {
	*lookup.Client
	cache *tenantcache.Cache
	limit int // tenants taken from a snapshot; 0: only cells, tenants are looked up when asked for
}

// Reload takes a whole snapshot into the cache.
func (s source) Reload(ctx context.Context) (uint64, error) {
	staging := lookup.NewStaging(s.limit)
	version, err := s.Snapshot(ctx, staging)
	if err != nil {
		return 0, err
	}
	staging.Apply(s.cache, version)
	return version, nil
}

// newFeed fills the cache from disk and returns the feed that goes on from
// there; without a snapshot on disk the feed itself begins with one.
func (r *router) newFeed(ctx context.Context) *feed.Feed {
	src := source{Client: r.client, cache: r.cache}
	if r.opts.KeepAll {
		src.limit = r.opts.CacheEntries
	}
	return feed.New(feed.Options{Cache: r.cache, Source: src, Log: r.log, KeepAll: r.opts.KeepAll, From: r.loadDisk(ctx)})
}

// awaitDirectory makes the router ready once the directory is loaded, and after
// StartGrace in any case.
func (r *router) awaitDirectory(ctx context.Context, f *feed.Feed) {
	grace := time.NewTimer(r.opts.StartGrace)
	defer grace.Stop()
	select {
	case <-f.Loaded():
	case <-grace.C:
		r.log.WarnContext(ctx, "no directory yet; unknown tenants are answered 503 until there is one")
	case <-ctx.Done():
	}
	close(r.loaded)
}

// loadDisk returns the version that the disk snapshot brought, 0 if it brought
// nothing. A snapshot that cannot be read is discarded: it is only a cache.
func (r *router) loadDisk(ctx context.Context) uint64 {
	staging := lookup.NewStaging(r.opts.CacheEntries)
	start := time.Now()
	version, err := r.disk.Load(staging)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0
	case err != nil:
		r.log.WarnContext(ctx, "snapshot on disk discarded", "err", err, "discard_err", r.disk.Discard())
		return 0
	}
	n := staging.Apply(r.cache, version)
	r.log.InfoContext(ctx, "directory loaded from disk", "version", version, "tenants", n, "took", time.Since(start))
	return version
}

// saveSnapshots writes the snapshot whenever the directory changed, and once
// more at the end.
func (r *router) saveSnapshots(ctx context.Context, f *feed.Feed) error {
	tick := time.NewTicker(r.opts.SnapshotInterval)
	defer tick.Stop()
	var saved uint64
	for {
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-r.firstSave(saved):
		}
		if position := f.Position(); position > saved {
			if err := r.disk.Save(r.cache, position); err != nil {
				r.log.WarnContext(ctx, "snapshot not saved; the last one stays", "err", err)
			} else {
				saved = position
			}
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// firstSave makes the first snapshot follow the first load at once: a crash in
// the first minute should not cost the router its memory.
func (r *router) firstSave(saved uint64) <-chan time.Time {
	if saved > 0 {
		return nil
	}
	return time.After(time.Second)
}

// drainFirst tells load balancers before connections are refused.
func (r *router) drainFirst(ctx context.Context) {
	r.proxy.Drain()
	r.log.InfoContext(ctx, "draining")
	timer := time.NewTimer(r.opts.DrainDelay)
	defer timer.Stop()
	<-timer.C
}

// entryHandler shows what the router knows under ?key=slug:acme.
func entryHandler(cache *tenantcache.Cache) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, value, ok := strings.Cut(r.URL.Query().Get("key"), ":")
		if !ok {
			http.Error(w, "use ?key=slug:acme, ?key=domain:app.example.org or ?key=id:<uuid>", http.StatusBadRequest)
			return
		}
		entry, ok := cache.Get(directory.Key{Kind: directory.KeyKind(kind), Value: value})
		if !ok {
			http.Error(w, "not known here", http.StatusNotFound)
			return
		}
		answer := struct {
			Missing bool                  `json:"missing"`
			Tenant  *directory.Assignment `json:"tenant,omitempty"`
			Cell    *directory.Cell       `json:"cell,omitempty"`
		}{Missing: entry.Missing}
		if !entry.Missing {
			answer.Tenant, answer.Cell = &entry.Assignment, cache.Cell(entry.Cell)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
}
