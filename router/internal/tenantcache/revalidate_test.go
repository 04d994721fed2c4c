package tenantcache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// clock is a time that tests move.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()) }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

func TestOldEntriesAreServedAndAskedForBehind(t *testing.T) {
	t.Parallel()
	a := assignment(tenancy.NewID(), "acme", 1)
	next := a
	next.Version, next.State = 2, directory.Suspended
	var fetches atomic.Int32
	release, time := make(chan struct{}), &clock{}
	c := newCache(t, tenantcache.Options{
		Bytes: 1 << 20, RevalidateAfter: minute, Now: time.now,
		Fetch: func(context.Context, directory.Key) (tenantcache.Answer, error) {
			fetches.Add(1)
			<-release
			return found(next, 2), nil
		},
	})
	c.Put(a)
	get := func() tenantcache.Entry {
		e, ok := c.Get(slug("acme"))
		if !ok {
			t.Fatal("not served")
		}
		return e
	}
	time.advance(minute - 1)
	get()
	c.SetFresh(true)
	time.advance(10 * minute)
	get()
	c.SetFresh(false) // true until now
	time.advance(minute - 1)
	get()
	if n := c.Stats().Revalidations; n != 0 || fetches.Load() != 0 {
		t.Fatalf("asked for an entry that is not old")
	}
	time.advance(1)
	for range 10 {
		if e := get(); e.Version != 1 {
			t.Errorf("version %d", e.Version)
		}
	}
	testkit.Eventually(t, "the directory to be asked", func() bool { return fetches.Load() == 1 })
	close(release)
	testkit.Eventually(t, "the answer to be known", func() bool { return get().State == directory.Suspended })
	testkit.Eventually(t, "the question to end", func() bool { return c.Stats().Revalidations == 0 })
	if get(); fetches.Load() != 1 {
		t.Errorf("%d questions", fetches.Load())
	}
}

const minute = time.Minute

func TestRevalidationsAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 64
	var fetches atomic.Int32
	release, time := make(chan struct{}), &clock{}
	c := newCache(t, tenantcache.Options{
		Bytes: 8 << 20, RevalidateAfter: minute, Now: time.now,
		Fetch: func(context.Context, directory.Key) (tenantcache.Answer, error) {
			fetches.Add(1)
			<-release
			return tenantcache.Answer{}, errors.New("down")
		},
	})
	tenants := population(4 * limit)
	for _, a := range tenants {
		c.Put(a)
	}
	time.advance(minute)
	for _, a := range tenants {
		if _, ok := c.Get(slug(string(a.Slug))); !ok {
			t.Fatal("not served")
		}
	}
	testkit.Eventually(t, "as many questions as may be", func() bool { return fetches.Load() == limit })
	close(release)
	testkit.Eventually(t, "the questions to end", func() bool { return c.Stats().Revalidations == 0 })
	if n := fetches.Load(); n != limit {
		t.Errorf("%d questions", n)
	}
	for _, a := range tenants { // the directory is down, and all are known still
		if _, ok := c.Get(slug(string(a.Slug))); !ok {
			t.Fatal("not served")
		}
	}
}

func TestFullModeAsksForNothingBehind(t *testing.T) {
	t.Parallel()
	time := &clock{}
	c := newCache(t, tenantcache.Options{RevalidateAfter: minute, Now: time.now, Fetch: func(context.Context, directory.Key) (tenantcache.Answer, error) {
		t.Error("asked")
		return tenantcache.Answer{}, nil
	}})
	c.Put(assignment(tenancy.NewID(), "acme", 1))
	time.advance(10 * minute)
	if _, ok := c.Get(slug("acme")); !ok || c.Stats().Revalidations != 0 {
		t.Error("lost, or asked for")
	}
}
