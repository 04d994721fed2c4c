package tenantcache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// inBothModes runs a test with caches of either mode.
func inBothModes(t *testing.T, test func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache)) {
	t.Helper()
	t.Parallel()
	for mode, bytes := range map[string]int64{"full": 0, "lru": 64 << 20} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			test(t, func(opts tenantcache.Options) *tenantcache.Cache {
				opts.Bytes = bytes
				return newCache(t, opts)
			})
		})
	}
}

func newCache(t testing.TB, opts tenantcache.Options) *tenantcache.Cache {
	t.Helper()
	if opts.NegativeTTL == 0 {
		opts.NegativeTTL = time.Second
	}
	c, err := tenantcache.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func slug(s string) directory.Key { return directory.Key{Kind: directory.BySlug, Value: s} }

func assignment(id tenancy.ID, name string, version uint64) directory.Assignment {
	return directory.Assignment{TenantID: id, Slug: tenancy.Slug(name), Cell: "cell-a", State: directory.Active, Epoch: 1, Version: version}
}

func TestOlderNeverReplacesNewer(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, id := newCache(tenantcache.Options{}), tenancy.NewID()
		c.Put(assignment(id, "acme", 7))
		if got := c.Put(assignment(id, "old-name", 5)); got.Version != 7 {
			t.Errorf("Put returned version %d", got.Version)
		}
		if _, ok := c.Get(slug("old-name")); ok {
			t.Error("a key of the older version leads somewhere")
		}
		c.PutMissing(slug("acme"), 6)
		if e, ok := c.Get(slug("acme")); !ok || e.Version != 7 {
			t.Errorf("an older 'missing' replaced version 7: %v %v", e, ok)
		}
	})
}

func TestRenameAndTombstoneDropKeys(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, id := newCache(tenantcache.Options{}), tenancy.NewID()
		a := assignment(id, "acme", 1)
		a.Domains = []tenancy.Domain{"app.example.org"}
		c.Put(a)
		c.Put(assignment(id, "acme-two", 2))
		for key, want := range map[directory.Key]bool{
			slug("acme"): false, slug("acme-two"): true,
			{Kind: directory.ByDomain, Value: "app.example.org"}: false, {Kind: directory.ByID, Value: id.String()}: true,
		} {
			if _, ok := c.Get(key); ok != want {
				t.Errorf("%v: known %v, want %v", key, ok, want)
			}
		}
		gone := assignment(id, "acme-two", 3)
		gone.State = directory.Deleted
		c.Put(gone)
		if _, ok := c.Get(slug("acme-two")); ok {
			t.Error("a tombstone's slug leads somewhere")
		}
		c.Put(assignment(id, "acme-two", 2))
		if _, ok := c.Get(slug("acme-two")); ok {
			t.Error("a late older version raised the dead")
		}
	})
}

func TestMissingExpiresAndFeedEndsIt(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		now := time.Now()
		c := newCache(tenantcache.Options{Now: func() time.Time { return now }})
		c.PutMissing(slug("acme"), 1)
		if e, ok := c.Get(slug("acme")); !ok || !e.Missing {
			t.Fatal("not remembered")
		}
		c.PutIfKnown(assignment(tenancy.NewID(), "acme", 2))
		if _, ok := c.Get(slug("acme")); ok {
			t.Error("still believed to be missing")
		}
		c.PutMissing(slug("other"), 1)
		now = now.Add(2 * time.Second)
		if _, ok := c.Get(slug("other")); ok {
			t.Error("believed for ever")
		}
		c.PutIfKnown(assignment(tenancy.NewID(), "nobody-asked", 3))
		if _, ok := c.Get(slug("nobody-asked")); ok {
			t.Error("a tenant nobody asked for was kept")
		}
	})
}

func TestOneFetchForManyMisses(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, id := newCache(tenantcache.Options{}), tenancy.NewID()
		var fetches atomic.Int32
		release := make(chan struct{})
		fetch := func(context.Context, directory.Key) (tenantcache.Answer, error) {
			fetches.Add(1)
			<-release
			return tenantcache.Answer{Entry: &directory.Entry{Tenant: assignment(id, "acme", 1), Cell: directory.Cell{ID: "cell-a", Version: 1}}}, nil
		}
		var wg sync.WaitGroup
		entered := make(chan struct{}, 100)
		for range 100 {
			wg.Go(func() {
				entered <- struct{}{}
				e, err := c.Resolve(t.Context(), slug("acme"), fetch)
				if err != nil || e.TenantID != id {
					t.Errorf("%v, %v", e, err)
				}
			})
		}
		for range 100 {
			<-entered
		}
		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Resolve(impatient, slug("acme"), fetch); !errors.Is(err, context.Canceled) {
			t.Errorf("an impatient request waited: %v", err)
		}
		close(release)
		wg.Wait()
		if n := fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
		if c.Cell("cell-a") == nil {
			t.Error("the cell was not learnt")
		}
	})
}

func TestSuspensionDuringAFetchBites(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, id := newCache(tenantcache.Options{}), tenancy.NewID()
		fetch := func(context.Context, directory.Key) (tenantcache.Answer, error) {
			suspended := assignment(id, "acme", 2)
			suspended.State = directory.Suspended
			c.PutIfKnown(suspended) // the feed is faster than the answer below
			return tenantcache.Answer{Version: 1, Entry: &directory.Entry{Tenant: assignment(id, "acme", 1), Cell: directory.Cell{ID: "cell-a", Version: 1}}}, nil
		}
		if _, err := c.Resolve(t.Context(), slug("acme"), fetch); err != nil {
			t.Fatal(err)
		}
		if e, _ := c.Get(slug("acme")); e.State != directory.Suspended {
			t.Errorf("version %d serves as %s", e.Version, e.State)
		}
	})
}

// A tenant is known under all its keys or under none, whatever is evicted.
func TestEvictionTakesATenantWhole(t *testing.T) {
	t.Parallel()
	c, err := tenantcache.New(tenantcache.Options{Bytes: 512 << 10})
	if err != nil {
		t.Fatal(err)
	}
	id, domain := tenancy.NewID(), directory.Key{Kind: directory.ByDomain, Value: "shop.example.org"}
	a := assignment(id, "acme", 1)
	a.Domains = []tenancy.Domain{"shop.example.org"}
	c.Put(a)
	var others []tenancy.ID
	for i := range 5000 { // other tenants pass by while the domain is in use
		others = append(others, tenancy.NewID())
		c.Put(assignment(others[i], fmt.Sprintf("other-%d", i), uint64(i+10)))
		c.Get(domain)
	}
	if _, ok := c.Get(slug("acme")); !ok {
		t.Error("the slug of a tenant in use was evicted alone")
	}
	gone := assignment(id, "acme", 9000)
	gone.State = directory.Suspended
	c.PutIfKnown(gone)
	if _, ok := c.Get(domain); ok {
		t.Error("a removed domain still leads to the tenant")
	}
	for i, other := range others {
		_, bySlug := c.Get(slug(fmt.Sprintf("other-%d", i)))
		_, byID := c.Get(directory.Key{Kind: directory.ByID, Value: other.String()})
		if bySlug != byID {
			t.Fatalf("tenant %d is known by slug: %v, by id: %v", i, bySlug, byID)
		}
	}
}

func TestPruneDropsWhatASnapshotDoesNotHave(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, kept, gone, newer := newCache(tenantcache.Options{}), tenancy.NewID(), tenancy.NewID(), tenancy.NewID()
		c.Put(assignment(kept, "kept", 1))
		c.Put(assignment(gone, "gone", 2))
		c.Put(assignment(newer, "newer", 9))
		c.Prune(5, func(id tenancy.ID) bool { return id == kept })
		for name, want := range map[string]bool{"kept": true, "gone": false, "newer": true} {
			if _, ok := c.Get(slug(name)); ok != want {
				t.Errorf("%s: %v", name, ok)
			}
		}
	})
}

func TestAKeyThatChangedHandsStaysWithTheNewer(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, first, second := newCache(tenantcache.Options{}), tenancy.NewID(), tenancy.NewID()
		c.Put(assignment(second, "acme", 7))
		c.Put(assignment(first, "acme", 3)) // a late answer
		if e, ok := c.Get(slug("acme")); !ok || e.TenantID != second {
			t.Errorf("%v %v", e, ok)
		}
	})
}

func TestFailedFetchIsNotRemembered(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, down := newCache(tenantcache.Options{}), errors.New("down")
		fail := func(context.Context, directory.Key) (tenantcache.Answer, error) { return tenantcache.Answer{}, down }
		if _, err := c.Resolve(t.Context(), slug("acme"), fail); !errors.Is(err, down) {
			t.Fatal(err)
		}
		missing := func(context.Context, directory.Key) (tenantcache.Answer, error) {
			return tenantcache.Answer{Version: 1}, nil
		}
		if e, err := c.Resolve(t.Context(), slug("acme"), missing); err != nil || !e.Missing {
			t.Errorf("%v, %v", e, err)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c := newCache(tenantcache.Options{})
		ids := []tenancy.ID{tenancy.NewID(), tenancy.NewID(), tenancy.NewID()}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for v := range 500 {
					i := (v + w) % len(ids)
					c.Put(assignment(ids[i], fmt.Sprintf("tenant-%d-%d", i, v%3), uint64(v+1)))
					c.Get(slug("tenant-0-1"))
				}
			})
		}
		wg.Wait()
		for i, id := range ids {
			e, ok := c.Get(directory.Key{Kind: directory.ByID, Value: id.String()})
			if !ok || e.Version < 498 {
				t.Errorf("tenant %d: %v", i, e)
			}
		}
	})
}
