package shed_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/shed"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func newTenant() tenancy.ID { return tenancy.NewID() }

// fill takes all the places for one tenant.
func fill(t testing.TB, c *shed.Controller, id tenancy.ID) []shed.Ticket {
	t.Helper()
	tickets := make([]shed.Ticket, 0, c.Stats().Limit)
	for range c.Stats().Limit {
		ticket, ok := c.Acquire(id, shed.Normal, time.Now())
		if !ok {
			t.Fatal("refused below the limit")
		}
		tickets = append(tickets, ticket)
	}
	return tickets
}

func TestLimitAndShare(t *testing.T) {
	t.Parallel()
	c := shed.New(shed.Options{Initial: 20})
	noisy, now := newTenant(), time.Now()
	tickets := fill(t, c, noisy)
	if _, ok := c.Acquire(noisy, shed.Normal, now); ok {
		t.Error("the tenant with all the places got another one")
	}
	quiet, ok := c.Acquire(newTenant(), shed.Normal, now.Add(time.Second))
	if !ok {
		t.Error("a tenant without a request under way was refused")
	}
	if _, ok := c.Acquire(noisy, shed.Critical, now); !ok {
		t.Error("a critical request was refused")
	}
	if _, ok := c.Acquire(newTenant(), shed.Bulk, now); ok {
		t.Error("a bulk request was admitted over the limit")
	}
	for range 100 {
		c.Acquire(newTenant(), shed.Normal, now)
	}
	if s := c.Stats(); s.InFlight > 25 {
		t.Errorf("%d under way, limit %d", s.InFlight, s.Limit)
	}
	quiet.Done(shed.Ignored, time.Time{})
	for i := range tickets {
		tickets[i].Done(shed.Ignored, time.Time{})
	}
}

func TestTicketCountsOnce(t *testing.T) {
	t.Parallel()
	c := shed.New(shed.Options{})
	a, _ := c.Acquire(newTenant(), shed.Normal, time.Now())
	b, _ := c.Acquire(newTenant(), shed.Bulk, time.Now())
	var none shed.Ticket
	none.Done(shed.OK, time.Now())
	none.Detach()
	a.Done(shed.OK, time.Now())
	a.Done(shed.OK, time.Now())
	a.Detach()
	if n := c.Stats().InFlight; n != 1 {
		t.Errorf("%d under way", n)
	}
	b.Detach()
	b.Done(shed.OK, time.Now().Add(time.Hour))
	if n := c.Stats().InFlight; n != 0 {
		t.Errorf("%d under way", n)
	}
}

// Streams that last for minutes neither fill the cell nor count as latency.
func TestDetachedRequestsAreNoMeasurement(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	c := shed.New(shed.Options{Now: func() time.Time { return now }})
	id := newTenant()
	for i := range 5000 {
		now = now.Add(time.Millisecond)
		short, ok := c.Acquire(id, shed.Normal, now)
		stream, ok2 := c.Acquire(id, shed.Bulk, now)
		if !ok || !ok2 {
			t.Fatalf("request %d refused: %+v", i, c.Stats())
		}
		stream.Detach()
		short.Done(shed.OK, now.Add(time.Millisecond))
		stream.Done(shed.OK, now.Add(time.Hour))
	}
	if s := c.Stats(); s.Limit < 256 || s.InFlight != 0 {
		t.Errorf("%+v", s)
	}
}

func TestQueueTakesTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := shed.New(shed.Options{Initial: 8})
		tickets := fill(t, c, newTenant())
		// Two tenants that have a place each, and so their share, and ask for more.
		first, second := newTenant(), newTenant()
		for _, id := range []tenancy.ID{first, second} {
			ticket, ok := c.Acquire(id, shed.Normal, time.Now().Add(time.Hour))
			if !ok {
				t.Fatal("refused")
			}
			_ = ticket
		}
		var mu sync.Mutex
		var order []tenancy.ID
		for _, id := range []tenancy.ID{first, first, first, second} {
			go func() {
				if _, err := c.AcquireWait(t.Context(), id, shed.Normal, time.Now()); err == nil {
					mu.Lock()
					order = append(order, id)
					mu.Unlock()
				}
			}()
			synctest.Wait()
		}
		if s := c.Stats(); s.Queued != 4 {
			t.Fatalf("%+v", s)
		}
		for i := range 5 { // the first makes room for two that went over the limit
			tickets[i].Done(shed.Ignored, time.Time{})
			synctest.Wait()
		}
		mu.Lock()
		defer mu.Unlock()
		if len(order) != 3 || order[0] != first || order[1] != second || order[2] != first {
			t.Errorf("order %v, first %s, second %s", order, first, second)
		}
		<-time.After(time.Second) // the fourth gives up
	})
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := shed.New(shed.Options{Initial: 8, Queue: 10, Wait: 30 * time.Millisecond})
		noisy, start := newTenant(), time.Now()
		tickets := fill(t, c, noisy)
		var refusedAtOnce, refusedLater atomic.Int64
		for range 15 {
			go func() {
				_, err := c.AcquireWait(t.Context(), noisy, shed.Normal, time.Now())
				switch waited := time.Since(start); {
				case fault.CodeOf(err) != fault.Unavailable:
					t.Errorf("%v", err)
				case waited == 0:
					refusedAtOnce.Add(1)
				case waited == 30*time.Millisecond:
					refusedLater.Add(1)
				}
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := c.AcquireWait(ctx, newTenant(), shed.Normal, time.Now().Add(time.Hour)); err != nil {
			t.Errorf("a tenant within its share: %v", err)
		}
		<-time.After(time.Second)
		if refusedAtOnce.Load() != 5 || refusedLater.Load() != 10 {
			t.Errorf("%d refused at once, %d after a wait", refusedAtOnce.Load(), refusedLater.Load())
		}
		if s := c.Stats(); s.Queued != 0 || s.RefusedLimit != 5 || s.RefusedWait != 10 {
			t.Errorf("%+v", s)
		}
		_ = tickets
	})
}

// Any order of requests, answers and time-outs leaves no place taken and
// nobody queued, and never exceeds the bounds.
func TestPlacesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Unix(1e9, 0)
		c := shed.New(shed.Options{Initial: 10, Min: 4, Max: 20, Queue: 6, Now: func() time.Time { return now }})
		tenants := []tenancy.ID{{15: 1}, {15: 2}, {15: 3}}
		var held []shed.Ticket
		var parked []*shed.Parked
		for range rapid.IntRange(1, 300).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "ms")) * time.Millisecond)
			switch what := rapid.IntRange(0, 9).Draw(rt, "what"); {
			case what < 6:
				id := rapid.SampledFrom(tenants).Draw(rt, "tenant")
				t, p, ok := c.Offer(id, shed.Priority(rapid.IntRange(0, 2).Draw(rt, "priority")), now, func(t shed.Ticket) { held = append(held, t) })
				if p != nil {
					parked = append(parked, p)
				} else if ok {
					held = append(held, t)
				}
			case what < 9 && len(held) > 0:
				i := rapid.IntRange(0, len(held)-1).Draw(rt, "which")
				t := held[i]
				held = append(held[:i], held[i+1:]...)
				t.Done(shed.Outcome(rapid.IntRange(0, 2).Draw(rt, "outcome")), now.Add(time.Duration(rapid.IntRange(0, 50).Draw(rt, "later"))*time.Millisecond))
			case len(parked) > 0:
				c.Leave(parked[0])
				parked = parked[1:]
			}
			s := c.Stats()
			if s.InFlight != len(held) || s.Limit < 4 || s.Limit > 20 || s.Queued > 12 || s.InFlight > 20+20/2+8 {
				rt.Fatalf("%d held: %+v", len(held), s)
			}
		}
		for len(held) > 0 {
			t := held[0]
			held = held[1:]
			t.Done(shed.Ignored, time.Time{})
		}
		if s := c.Stats(); s.InFlight != 0 || s.Queued != 0 {
			rt.Fatalf("left behind: %+v", s)
		}
	})
}

// The same with real goroutines, for the race detector.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	c := shed.New(shed.Options{Initial: 16, Wait: 5 * time.Millisecond})
	tenants := make([]tenancy.ID, 10)
	for i := range tenants {
		tenants[i] = newTenant()
	}
	var wg sync.WaitGroup
	var most atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			for n := range 300 {
				ticket, err := c.AcquireWait(t.Context(), tenants[(i*i)%10], shed.Priority(n%3), time.Now())
				if err != nil {
					continue
				}
				most.Store(max(most.Load(), int64(c.Stats().InFlight-c.Stats().Limit)))
				<-time.After(time.Duration(rand.IntN(300)) * time.Microsecond)
				if n%7 == 0 {
					ticket.Detach()
				}
				ticket.Done(shed.OK, time.Now())
			}
		})
	}
	wg.Wait()
	if s := c.Stats(); s.InFlight != 0 || s.Queued != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

func TestCollector(t *testing.T) {
	t.Parallel()
	c := shed.New(shed.Options{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(shed.Collector(func(yield func(string, *shed.Controller) bool) { yield("cell-a", c) }))
	families, err := registry.Gather()
	if err != nil || len(families) != 5 {
		t.Errorf("%d families, %v", len(families), err)
	}
}
