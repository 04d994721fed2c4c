package tenantcache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func found(a directory.Assignment, version uint64) tenantcache.Answer {
	return tenantcache.Answer{Version: version, Entry: &directory.Entry{Tenant: a, Cell: directory.Cell{ID: a.Cell, Version: 1}}}
}

// Strangers may use up what can be asked at once; what is known is found still.
func TestFetchesAreBounded(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		const limit = 1024
		c, a := newCache(tenantcache.Options{}), assignment(tenancy.NewID(), "acme", 1)
		c.Put(a)
		release := make(chan struct{})
		var fetches atomic.Int32
		slow := func(context.Context, directory.Key) (tenantcache.Answer, error) {
			fetches.Add(1)
			<-release
			return tenantcache.Answer{Version: 1}, nil
		}
		var strangers sync.WaitGroup
		for i := range limit {
			strangers.Go(func() {
				if _, err := c.Resolve(t.Context(), slug(fmt.Sprintf("random-%d", i)), slow); err != nil {
					t.Error(err)
				}
			})
		}
		testkit.Eventually(t, "all to ask", func() bool { return fetches.Load() == limit })
		if _, err := c.Resolve(t.Context(), slug("one-more"), slow); !errors.Is(err, tenantcache.ErrBusy) {
			t.Errorf("one more: %v", err)
		}
		moved := func(context.Context, directory.Key) (tenantcache.Answer, error) {
			next := a
			next.Version, next.Epoch = 2, 2
			return found(next, 2), nil
		}
		if e, err := c.Refresh(t.Context(), slug("acme"), moved); err != nil || e.Epoch != 2 {
			t.Errorf("a known tenant: %+v, %v", e, err)
		}
		close(release)
		strangers.Wait()
		if st := c.Stats(); st.Refused != 1 || st.InFlight != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// A snapshot that arrives during a fetch may have said something newer of the
// tenant, which was not cached then.
func TestAnAnswerOlderThanASnapshotIsAskedForAgain(t *testing.T) {
	t.Parallel()
	c := newCache(t, tenantcache.Options{Bytes: 1 << 20})
	a := assignment(tenancy.NewID(), "acme", 1)
	a.Cell = "cell-0"
	suspended := a
	suspended.Version, suspended.State = 5, directory.Suspended
	raw, asked := snapshot(t, []directory.Assignment{suspended}, 9), 0
	fetch := func(context.Context, directory.Key) (tenantcache.Answer, error) {
		if asked++; asked == 1 {
			load(t, c, raw, false)
			return found(a, 1), nil
		}
		return found(suspended, 9), nil
	}
	if e, err := c.Resolve(t.Context(), slug("acme"), fetch); err != nil || e.State != directory.Suspended || asked != 2 {
		t.Errorf("%+v, %v after %d questions", e, err, asked)
	}
}

func TestOnlyWhatIsCachedIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	c, tenants := newCache(t, tenantcache.Options{Bytes: 1 << 20}), population(10)
	for i := range tenants {
		tenants[i].Version = 20
	}
	old, gone := tenants[3], assignment(tenancy.NewID(), "gone", 7)
	old.Version, old.Slug = 2, "old-name"
	c.Put(old)
	c.Put(gone)
	if n := load(t, c, snapshot(t, tenants, 30), false); n != 1 || c.Stats().Tenants != 1 {
		t.Errorf("%d of the snapshot, %d in all", n, c.Stats().Tenants)
	}
	if e, ok := c.Get(slug(string(tenants[3].Slug))); !ok || e.Version != 20 {
		t.Errorf("%+v", e)
	}
	for _, name := range []string{"old-name", "gone", string(tenants[4].Slug)} {
		if _, ok := c.Get(slug(name)); ok {
			t.Errorf("%s is known", name)
		}
	}
}

// What a snapshot lacks but is newer stays, and what it has twice is had once.
func TestLoadKeepsTheNewer(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		c, tenants := newCache(tenantcache.Options{}), population(3)
		newer, added := later(tenants[0], 40), assignment(tenancy.NewID(), "added", 50)
		c.Put(newer)
		c.Put(added)
		renamed := tenants[2] // with the same plan, and so in the same block
		renamed.Version, renamed.Slug = 25, "renamed"
		twice := append(tenants, renamed, tenants[2], later(tenants[1], 20), tenants[1])
		if load(t, c, snapshot(t, twice, 30), true); c.Stats().Tenants != 4 {
			t.Errorf("%d tenants", c.Stats().Tenants)
		}
		for id, version := range map[tenancy.ID]uint64{newer.TenantID: 40, added.TenantID: 50, tenants[1].TenantID: 20, renamed.TenantID: 25} {
			if e, ok := c.Get(directory.Key{Kind: directory.ByID, Value: id.String()}); !ok || e.Version != version {
				t.Errorf("version %d instead of %d", e.Version, version)
			}
		}
	})
}

func TestWhoWaitsForATenantIsTold(t *testing.T) {
	inBothModes(t, func(t *testing.T, newCache func(tenantcache.Options) *tenantcache.Cache) {
		type change struct {
			id             tenancy.ID
			version, epoch uint64
		}
		var told []change
		var c *tenantcache.Cache
		c = newCache(tenantcache.Options{OnChange: func(id tenancy.ID, version, epoch uint64) {
			c.Get(directory.Key{Kind: directory.ByID, Value: id.String()}) // no lock is held
			told = append(told, change{id, version, epoch})
		}})
		a := assignment(tenancy.NewID(), "acme", 3)
		c.Put(a)
		c.Put(a)
		e := c.Moved(tenantcache.Entry{Assignment: a}, "cell-b", 2)
		c.Moved(e, "cell-b", 2)
		later := a
		later.Version, later.Epoch = 5, 2
		c.PutIfKnown(later)
		c.PutIfKnown(a)
		other := assignment(tenancy.NewID(), "other", 6)
		c.PutIfKnown(other)
		c.PutIfKnown(other)
		last := later
		last.Version, last.Cell, last.Region = 8, "cell-0", "here"
		load(t, c, snapshot(t, []directory.Assignment{last}, 9), true)
		want := []change{{a.TenantID, 3, 1}, {a.TenantID, 3, 2}, {a.TenantID, 5, 2}, {other.TenantID, 6, 1}, {a.TenantID, 8, 2}}
		if fmt.Sprint(told) != fmt.Sprint(want) {
			t.Errorf("told\n%v, want\n%v", told, want)
		}
	})
}

// While the directory is down nobody is told that a tenant does not exist, past
// the time for which that was believed.
func TestMissingIsNotBelievedLonger(t *testing.T) {
	t.Parallel()
	time := &clock{}
	c := newCache(t, tenantcache.Options{NegativeTTL: minute, Now: time.now})
	down := errors.New("down")
	fetch := func(context.Context, directory.Key) (tenantcache.Answer, error) { return tenantcache.Answer{}, down }
	c.PutMissing(slug("acme"), 1)
	if e, err := c.Resolve(t.Context(), slug("acme"), fetch); err != nil || !e.Missing {
		t.Errorf("%+v, %v", e, err)
	}
	time.advance(minute + 1)
	if _, err := c.Resolve(t.Context(), slug("acme"), fetch); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
}

func TestMissingKeysAreBounded(t *testing.T) {
	t.Parallel()
	c := newCache(t, tenantcache.Options{NegativeTTL: minute})
	c.Put(assignment(tenancy.NewID(), "acme", 1))
	for i := range 50_000 {
		c.PutMissing(slug(fmt.Sprintf("random-%d", i)), 1)
	}
	if st := c.Stats(); st.Missing > 16384 || st.Missing < 8192 || st.Tenants != 1 {
		t.Errorf("%+v", st)
	}
}

func TestACacheTooSmallIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := tenantcache.New(tenantcache.Options{Bytes: 1000}); err == nil {
		t.Error("accepted")
	}
}

func TestMain(m *testing.M) { testkit.Main(m) }
