package tenantcache_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

func TestEveryTenantIsFoundWhileTheTableGrows(t *testing.T) {
	t.Parallel()
	const n = 20_000
	c, tenants := newCache(t, tenantcache.Options{}), population(n)
	for i, a := range tenants {
		c.Put(a)
		for _, j := range []int{i, i / 2, 0} {
			want := tenants[j]
			bySlug, ok := c.Get(slug(string(want.Slug)))
			byID, okID := c.Get(directory.Key{Kind: directory.ByID, Value: want.TenantID.String()})
			if !ok || !okID || !same(bySlug.Assignment, want) || !same(byID.Assignment, want) {
				t.Fatalf("%d of %d: %+v, %+v", j, i+1, bySlug, byID)
			}
		}
	}
}

// Names that are given up do not pile up; who still holds one reads it well.
func TestRenamingTakesNoMemory(t *testing.T) {
	t.Parallel()
	const n, rounds = 250, 400
	c, ids := newCache(t, tenantcache.Options{}), make([]tenancy.ID, n)
	name := func(i, round int) string { return fmt.Sprintf("a-rather-long-name-of-a-tenant-%d-%d", i, round) }
	var held []tenantcache.Entry
	for round := range rounds {
		for i := range n {
			if round == 0 {
				ids[i] = tenancy.NewID()
			}
			c.Put(assignment(ids[i], name(i, round), uint64(round+1)))
		}
		e, ok := c.Get(slug(name(round%n, round)))
		if !ok {
			t.Fatalf("round %d: lost", round)
		}
		held = append(held, e)
		if _, ok := c.Get(slug(name(0, round-1))); ok {
			t.Fatalf("round %d: the old name still leads somewhere", round)
		}
	}
	for round, e := range held {
		if string(e.Slug) != name(round%n, round) {
			t.Fatalf("round %d reads %q", round, e.Slug)
		}
	}
	if st := c.Stats(); st.Tenants != n || st.Bytes > 1<<20 { // 4 MiB of names were used
		t.Errorf("%+v", st)
	}
}

// The places of tenants that left are taken by others.
func TestTenantsThatLeaveMakeRoom(t *testing.T) {
	t.Parallel()
	const n = 5000
	c := newCache(t, tenantcache.Options{})
	var first int64
	for round := range 8 {
		for _, a := range population(n) {
			a.Version = uint64(round + 1)
			c.Put(a)
		}
		st := c.Stats()
		if round == 0 {
			first = st.Bytes
		}
		if st.Tenants != n || st.Bytes > 2*first {
			t.Fatalf("round %d: %+v; %d bytes at first", round, st, first)
		}
		c.Prune(uint64(round+1), func(tenancy.ID) bool { return false })
		if st := c.Stats(); st.Tenants != 0 {
			t.Fatalf("round %d: %d tenants stayed", round, st.Tenants)
		}
	}
}

func TestNamesThatNoHostCanHave(t *testing.T) {
	t.Parallel()
	c, id := newCache(t, tenantcache.Options{}), tenancy.NewID()
	long := strings.Repeat("x", 1000)
	c.Put(assignment(id, long, 1))
	if _, ok := c.Get(slug(long)); ok {
		t.Error("found")
	}
	if _, ok := c.Get(slug("")); ok {
		t.Error("no name is a name")
	}
	if e, ok := c.Get(directory.Key{Kind: directory.ByID, Value: id.String()}); !ok || e.Version != 1 {
		t.Errorf("by id: %+v", e)
	}
}

// Readers, writers and a load at once: what a key shows is always whole, and
// never goes back.
func TestReadersSeeWholeEntries(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		const n, rounds = 40, 40
		c, tenants := newCache(tenantcache.Options{}), population(n)
		raw := snapshot(t, tenants, n)
		for _, a := range tenants {
			c.Put(a)
		}
		var readers, writers sync.WaitGroup
		var done atomic.Bool
		for range 4 {
			readers.Go(func() {
				seen := make([]uint64, n)
				for i := 0; !done.Load(); i = (i + 1) % n {
					if err := whole(c, tenants[i], &seen[i]); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for w := range 2 {
			writers.Go(func() {
				for round := range rounds {
					for i := w; i < n; i += 2 {
						c.Put(later(tenants[i], uint64(n+1+round)))
					}
				}
			})
		}
		writers.Go(func() {
			for range 5 {
				load(t, c, raw, true)
			}
		})
		writers.Wait()
		done.Store(true)
		readers.Wait()
	})
}

// later is what tenant a is at some later version: epoch, plan and slug go with it.
func later(a directory.Assignment, version uint64) directory.Assignment {
	a.Slug = tenancy.Slug(fmt.Sprintf("%s-%d", a.Slug, version))
	a.Version, a.Epoch, a.Plan = version, version, fmt.Sprintf("plan-%d", version)
	return a
}

func whole(c *tenantcache.Cache, a directory.Assignment, seen *uint64) error {
	e, ok := c.Get(directory.Key{Kind: directory.ByID, Value: a.TenantID.String()})
	want := a
	if ok && e.Version != a.Version {
		want = later(a, e.Version)
	}
	if !ok || e.Version < *seen || e.Slug != want.Slug || e.Epoch != want.Epoch || e.Plan != want.Plan {
		return fmt.Errorf("after version %d: %v %+v", *seen, ok, e)
	}
	*seen = e.Version
	if bySlug, ok := c.Get(slug(string(want.Slug))); ok && (bySlug.TenantID != a.TenantID || bySlug.Slug != want.Slug) {
		return fmt.Errorf("%s leads to %+v", want.Slug, bySlug)
	}
	return nil
}
