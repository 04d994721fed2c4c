package events_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/events"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// chain is the events of every tenant, in memory.
type chain struct {
	mu     sync.Mutex
	events []cell.Event
	actor  cell.Actor
	err    error
	reads  int
}

func (c *chain) add(subjects ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range subjects {
		c.events = append(c.events, cell.Event{Seq: int64(len(c.events) + 1), SubjectType: s})
	}
}

func (c *chain) ReadEvents(_ context.Context, _ *cell.Call, after int64, limit int) (cell.EventPage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	page := cell.EventPage{Actor: c.actor, Head: int64(len(c.events))}
	for _, e := range c.events {
		if e.Seq > after && len(page.Events) < limit {
			page.Events = append(page.Events, e)
		}
	}
	return page, c.err
}

func (c *chain) EventHeads(_ context.Context, tenants []tenancy.ID) (map[tenancy.ID]int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	heads := map[tenancy.ID]int64{}
	for _, id := range tenants {
		heads[id] = int64(len(c.events))
	}
	return heads, nil
}

func (c *chain) ListenEvents(context.Context, func(tenancy.ID)) error { return nil }

func hub(c *chain, recheck time.Duration) *events.Hub {
	return events.New(c, c, recheck, prometheus.NewRegistry())
}

func TestPagesOfUnseenEventsArePassed(t *testing.T) {
	t.Parallel()
	c := &chain{actor: cell.Actor{Role: cell.Viewer}}
	for range 250 {
		c.add("api_key")
	}
	c.add("project")
	start := int64(0)
	f, err := hub(c, time.Hour).Follow(t.Context(), &cell.Call{Tenant: tenancy.NewID()}, &start)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if found, err := f.Next(t.Context(), time.Minute); err != nil || len(found) != 1 || found[0].SubjectType != "project" || f.After() != 251 {
		t.Errorf("%v, %v; after %d", found, err, f.After())
	}
	if found, err := f.Next(t.Context(), time.Millisecond); err != nil || len(found) != 0 {
		t.Errorf("then %v, %v", found, err)
	}
}

// A follower waits without asking until the hub has seen news, and looks at its
// rights by itself.
func TestFollowersAreWokenAndJudgedAgain(t *testing.T) {
	t.Parallel()
	c := &chain{actor: cell.Actor{Role: cell.Owner}}
	h := hub(c, time.Hour)
	f, err := h.Follow(t.Context(), &cell.Call{Tenant: tenancy.NewID()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make(chan int, 1)
	go func() {
		found, _ := f.Next(context.Background(), time.Minute)
		got <- len(found)
	}()
	c.add("user")
	if err := h.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 1 {
		t.Errorf("%d events", n)
	}
	c.err = fault.New(fault.Unauthenticated, "revoked")
	quick := hub(c, time.Millisecond)
	if _, err := quick.Follow(t.Context(), &cell.Call{}, nil); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("begins: %v", err)
	}
	c.err = nil
	g, err := quick.Follow(t.Context(), &cell.Call{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	c.err = fault.New(fault.Unauthenticated, "revoked")
	if _, err := g.Next(t.Context(), time.Minute); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("goes on: %v", err)
	}
}

func TestFollowersOfATenantAreCounted(t *testing.T) {
	t.Parallel()
	c := &chain{}
	h := hub(c, time.Hour)
	call := &cell.Call{Tenant: tenancy.NewID()}
	var all []*events.Follower
	for {
		f, err := h.Follow(t.Context(), call, nil)
		if err != nil {
			if fault.CodeOf(err) != fault.RateLimited || len(all) != 100 {
				t.Fatalf("%d follow: %v", len(all), err)
			}
			break
		}
		all = append(all, f)
	}
	if f, err := h.Follow(t.Context(), &cell.Call{Tenant: tenancy.NewID()}, nil); err != nil {
		t.Errorf("another tenant: %v", err)
	} else {
		f.Close()
	}
	for _, f := range all {
		f.Close()
	}
	f, err := h.Follow(t.Context(), call, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}
