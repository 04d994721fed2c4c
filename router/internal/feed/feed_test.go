package feed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/coditect/platform/router/internal/feed"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// log is a change log in memory, as the control plane keeps it.
type log struct {
	mu      sync.Mutex
	changes []directory.Change
	oldest  uint64 // changes before it were pruned
	down    bool
	cache   *tenantcache.Cache
	reloads int
}

func (l *log) Changes(ctx context.Context, since uint64, wait time.Duration) (directory.Changes, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.down:
		return directory.Changes{}, errors.New("control plane is down")
	case since+1 < l.oldest:
		return directory.Changes{}, fault.New(fault.Gone, "pruned")
	case since < uint64(len(l.changes)) || wait == 0:
		return directory.Changes{Since: since, Changes: l.changes[since:]}, nil
	}
	l.mu.Unlock()
	defer l.mu.Lock()
	<-ctx.Done() // the test does not wait for long polls
	return directory.Changes{}, ctx.Err()
}

func (l *log) Reload(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return 0, errors.New("control plane is down")
	}
	l.reloads++
	for _, c := range l.changes {
		l.cache.Put(*c.Tenant)
	}
	return uint64(len(l.changes)), nil
}

func (l *log) add(a directory.Assignment) directory.Changes {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.Version = uint64(len(l.changes) + 1)
	change := directory.Change{Version: a.Version, Time: time.Now(), Tenant: &a}
	l.changes = append(l.changes, change)
	return directory.Changes{Since: a.Version - 1, Changes: []directory.Change{change}}
}

func (l *log) setDown(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

func fixture(t *testing.T) (*log, *tenantcache.Cache) {
	t.Helper()
	cache, err := tenantcache.New(tenantcache.Options{NegativeTTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return &log{cache: cache}, cache
}

func named(name string) directory.Assignment {
	return directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(name), Cell: "cell-a", State: directory.Active, Epoch: 1}
}

func known(c *tenantcache.Cache, name string) bool {
	e, ok := c.Get(directory.Key{Kind: directory.BySlug, Value: name})
	return ok && !e.Missing
}

func TestCatchUpStartsWithASnapshotAndSurvivesPruning(t *testing.T) {
	t.Parallel()
	l, cache := fixture(t)
	l.add(named("first"))
	f := feed.New(feed.Options{Cache: cache, Source: l, Log: slog.New(slog.DiscardHandler), KeepAll: true})
	if err := f.CatchUp(t.Context(), 0); err != nil || f.Position() != 1 || !known(cache, "first") {
		t.Fatalf("%v at %d", err, f.Position())
	}
	l.add(named("second"))
	if err := f.CatchUp(t.Context(), 0); err != nil || f.Position() != 2 || l.reloads != 1 || !known(cache, "second") {
		t.Errorf("%v at %d after %d reloads", err, f.Position(), l.reloads)
	}
	for i := range 5 {
		l.add(named(fmt.Sprintf("later-%d", i)))
	}
	l.oldest = 6 // 3, 4 and 5 are gone
	if err := f.CatchUp(t.Context(), 0); err != nil || f.Position() != 7 || l.reloads != 2 || !known(cache, "later-0") {
		t.Errorf("%v at %d after %d reloads", err, f.Position(), l.reloads)
	}
}

// quiet has no news.
type quiet struct{ down atomic.Bool }

func (q *quiet) Changes(_ context.Context, since uint64, _ time.Duration) (directory.Changes, error) {
	if q.down.Load() {
		return directory.Changes{}, errors.New("control plane is down")
	}
	return directory.Changes{Since: since}, nil
}

func (*quiet) Reload(context.Context) (uint64, error) { return 0, errors.New("not asked for") }

// In LRU mode old entries are asked for again, but only while no change would
// arrive by itself.
func TestCacheIsToldWhetherChangesArrive(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	cache, err := tenantcache.New(tenantcache.Options{
		Bytes: 1 << 20, RevalidateAfter: time.Minute, Now: func() time.Time { return time.Unix(0, now.Load()) },
		Fetch: func(context.Context, directory.Key) (tenantcache.Answer, error) {
			asked.Add(1)
			return tenantcache.Answer{}, errors.New("down")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cache.Put(named("acme"))
	source := &quiet{}
	nc, err := feed.Connect("nats://127.0.0.1:1") // nobody
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ctx, stop := context.WithCancel(t.Context())
	f := feed.New(feed.Options{Cache: cache, Source: source, Log: slog.New(slog.DiscardHandler), From: 1})
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, nc) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	testkit.Eventually(t, "a poll to be answered", func() bool { return f.Fresh() })
	now.Add(int64(time.Hour))
	if !known(cache, "acme") || asked.Load() != 0 {
		t.Errorf("asked %d times although changes arrive", asked.Load())
	}
	source.down.Store(true)
	testkit.Eventually(t, "the feed to notice", func() bool { return !f.Fresh() })
	now.Add(int64(time.Hour))
	testkit.Eventually(t, "the old entry to be asked for", func() bool { return known(cache, "acme") && asked.Load() == 1 })
}

// The whole way: pushed changes, a lost one, NATS away and back, the control
// plane away.
func TestRun(t *testing.T) {
	t.Parallel()
	url := testkit.NATS(t)
	l, cache := fixture(t)
	l.add(named("at-start"))
	publisher, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer publisher.Close()
	js, err := jetstream.New(publisher)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: directory.Stream, Subjects: []string{directory.Subject}}); err != nil {
		t.Fatal(err)
	}
	publish := func(run directory.Changes) {
		raw, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(t.Context(), directory.Subject, raw); err != nil {
			t.Fatal(err)
		}
	}

	nc, err := feed.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ctx, stop := context.WithCancel(t.Context())
	f := feed.New(feed.Options{Cache: cache, Source: l, Log: slog.New(slog.DiscardHandler), KeepAll: true})
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, nc) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	testkit.Eventually(t, "the first load and the subscription", func() bool { return f.Connected() && known(cache, "at-start") })
	<-f.Loaded()
	publish(l.add(named("pushed")))
	testkit.Eventually(t, "a pushed change", func() bool { return known(cache, "pushed") })

	l.add(named("lost")) // never published
	publish(l.add(named("after-the-gap")))
	testkit.Eventually(t, "the gap to be closed", func() bool { return known(cache, "lost") && known(cache, "after-the-gap") })

	l.setDown(true)
	publish(l.add(named("control-plane-down")))
	testkit.Eventually(t, "a change pushed without the control plane", func() bool { return known(cache, "control-plane-down") })
	publish(directory.Changes{Since: 0, Changes: l.changes[:1]})
	if err := publisher.Publish(directory.Subject, []byte("not JSON")); err != nil {
		t.Fatal(err)
	}
	l.setDown(false)
	publish(l.add(named("at-last")))
	testkit.Eventually(t, "the feed to go on after nonsense", func() bool { return known(cache, "at-last") })
	if f.Position() != uint64(len(l.changes)) {
		t.Errorf("position %d of %d", f.Position(), len(l.changes))
	}
}
