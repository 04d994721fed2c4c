package hold_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func TestMoveReleasesAllInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{})
		done := p.requests(t.Context(), 200)
		tries := p.tried()
		start := time.Now()
		p.move()
		if failed := done(); failed != 0 {
			t.Errorf("%d requests failed", failed)
		}
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("200 requests of 5 ms were released in %s", took)
		}
		if !inWaves(p.order) {
			t.Errorf("served out of order: %v", p.order)
		}
		if tries > 203 { // 200 requests in 200 ms, and tries after 25, 75 and 175 ms
			t.Errorf("%d requests reached the frozen cell", tries)
		}
		empty(t, p.hold)
	})
}

// inWaves reports whether nobody was served much before an earlier request:
// within one wave of turns the order is the scheduler's.
func inWaves(order []int) bool {
	served := 0
	for i, n := range order {
		if n > i+8+2*served {
			return false
		}
		served = i + 1
	}
	return slices.Max(order) == len(order)-1
}

// The first requests go to a cell that may be cold, or frozen still.
func TestReleaseStartsSmall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{})
		done := p.requests(t.Context(), 100)
		p.thaw(false)
		before := p.tried()
		p.hold.Notify(p.id, hold.Position{Version: 2, Epoch: 2}) // moved, but the new cell is not active yet
		synctest.Wait()
		if tries := p.tried() - before; tries > 9 {
			t.Errorf("%d tries at once", tries)
		}
		wait(time.Millisecond)
		p.thaw(true)
		start := time.Now()
		if failed := done(); failed != 0 || time.Since(start) > 250*time.Millisecond {
			t.Errorf("%d failed, the rest took %s", failed, time.Since(start))
		}
		empty(t, p.hold)
	})
}

// An aborted migration thaws the tenant without a change of the directory.
func TestThawWithoutNews(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{})
		done := p.requests(t.Context(), 50)
		wait(time.Second)
		if tries := p.tried(); tries > 50+10 {
			t.Errorf("%d tries in the first second", tries)
		}
		p.thaw(true)
		start := time.Now()
		if failed := done(); failed != 0 || time.Since(start) > 300*time.Millisecond {
			t.Errorf("%d failed, served after %s", failed, time.Since(start))
		}
		empty(t, p.hold)
	})
}

// News that arrive between the frozen answer and Wait are not missed.
func TestNewsBeforeWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{})
		seen := p.current()
		p.move() // nobody waits: Hold forgets it
		w := p.hold.Waiter(hold.Request{Tenant: p.id, Current: p.current})
		start := time.Now()
		if err := w.Wait(t.Context(), seen); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		w.Done(hold.Served)
		empty(t, p.hold)
	})
}

func TestWindowEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{Window: 2 * time.Second, MinInterval: time.Second})
		start := time.Now()
		check := func(what string, want error, at time.Duration) {
			t.Helper()
			if err := p.request(t.Context(), 0, 0); !is(err, want) || time.Since(start) != at {
				t.Errorf("%s: %v after %s, want %v after %s", what, err, time.Since(start), want, at)
			}
		}
		check("first window", hold.ErrWindow, 2*time.Second)
		check("right after it", hold.ErrTooSoon, 2*time.Second)
		wait(time.Second - 1)
		check("just before the interval is over", hold.ErrTooSoon, 3*time.Second-1)
		wait(1)
		check("second window", hold.ErrWindow, 5*time.Second)
		wait(time.Second + time.Millisecond)
		if s := p.hold.Stats(); s.Tenants != 0 {
			t.Errorf("not forgotten: %+v", s)
		}
		empty(t, p.hold)
	})
}

// A window that ended well and is needed again is the same window.
func TestQuietWindowKeepsItsDeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{Window: 2 * time.Second, MinInterval: time.Second})
		start := time.Now()
		done := p.requests(t.Context(), 1)
		wait(1500 * time.Millisecond)
		p.thaw(true)
		if done() != 0 {
			t.Error("not served")
		}
		p.thaw(false)
		if err := p.request(t.Context(), 0, 0); !is(err, hold.ErrWindow) || time.Since(start) != 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		empty(t, p.hold)
	})
}

// After the end of a window that thawed, a request that comes late is tried once.
func TestStragglerIsTriedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{Window: time.Second, MinInterval: time.Second})
		done := p.requests(t.Context(), 1)
		wait(800 * time.Millisecond)
		p.thaw(true)
		if done() != 0 {
			t.Error("not served")
		}
		wait(200 * time.Millisecond)
		w := p.hold.Waiter(hold.Request{Tenant: p.id, Current: p.current})
		if err := w.Wait(t.Context(), p.current()); err != nil {
			t.Errorf("first: %v", err)
		}
		if err := w.Wait(t.Context(), p.current()); !is(err, hold.ErrTooSoon) {
			t.Errorf("second: %v", err)
		}
		empty(t, p.hold)
	})
}

func TestBounds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{PerTenant: 3, Bytes: 2 << 20})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for bytes, want := range map[int64]error{hold.MaxBody + 1: hold.ErrTooLarge, -1: hold.ErrTooLarge} {
			if err := p.request(ctx, 0, bytes); !is(err, want) {
				t.Errorf("%d bytes: %v", bytes, err)
			}
		}
		if p.hold.Holding(p.id) {
			t.Error("holds although nobody waits")
		}
		done := p.requests(ctx, 3)
		synctest.Wait()
		if !p.hold.Holding(p.id) || p.hold.Holding(tenancy.NewID()) {
			t.Error("Holding does not tell the tenant that waits")
		}
		if err := p.request(ctx, 0, 0); !is(err, hold.ErrQueue) {
			t.Errorf("fourth: %v", err)
		}
		other := &platform{hold: p.hold, id: tenancy.NewID(), frozen: true}
		if err := other.request(ctx, 0, hold.MaxBody); !is(err, hold.ErrDeadline) {
			t.Errorf("another tenant: %v", err)
		}
		if failed := done(); failed != 3 {
			t.Errorf("%d of 3 ended with their context", failed)
		}
		full := newPlatform(hold.Options{Bytes: hold.MaxBody})
		if err := full.request(t.Context(), 0, hold.MaxBody); !is(err, hold.ErrMemory) {
			t.Errorf("memory: %v", err)
		}
		empty(t, p.hold)
		empty(t, full.hold)
	})
}

func TestRefusalsSayWhenToComeBack(t *testing.T) {
	t.Parallel()
	for _, err := range []error{hold.ErrTooLarge, hold.ErrWindow, hold.ErrDeadline, hold.ErrQueue, hold.ErrMemory, hold.ErrTooSoon} {
		var f *fault.Error
		if !errors.As(err, &f) || f.Code.Status() != 503 || f.RetryAfter <= 0 {
			t.Errorf("%v", err)
		}
	}
}

// What the first of them already knew, and met a frozen cell with, releases nobody.
func TestOldNewsReleasesNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{})
		done := p.requests(t.Context(), 10)
		before := p.tried()
		p.hold.Notify(p.id, p.current())
		synctest.Wait()
		if tries := p.tried() - before; tries != 0 {
			t.Errorf("%d tries", tries)
		}
		p.move()
		done()
	})
}

// While the last window is quiet, a request that met the freeze's last moment
// is tried at once.
func TestLateRequestAfterRelease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{})
		seen := p.current()
		done := p.requests(t.Context(), 1)
		p.thaw(true)
		done()
		w := p.hold.Waiter(hold.Request{Tenant: p.id, Current: p.current})
		start := time.Now()
		if err := w.Wait(t.Context(), seen); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		w.Done(hold.Served)
	})
}

// A turn that is given at the moment at which its request's time is over is not lost.
func TestTurnAtTheLastMoment(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := hold.New(hold.Options{})
		for range 64 { // Wait sees either first
			p := &platform{hold: h, id: tenancy.NewID()}
			ctx, cancel := context.WithCancel(t.Context())
			waiter := h.Waiter(hold.Request{Tenant: p.id, Current: p.current})
			go func() {
				if waiter.Wait(ctx, p.current()) == nil {
					waiter.Done(hold.Served)
				}
			}()
			synctest.Wait()
			cancel()
			h.Notify(p.id, hold.Position{Version: 2})
		}
		synctest.Wait()
		empty(t, h)
	})
}

// A try without an answer says nothing about the freeze, and opens no release.
func TestFailedTryReleasesNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlatform(hold.Options{Window: time.Second})
		first := p.hold.Waiter(hold.Request{Tenant: p.id, Current: p.current})
		second := p.hold.Waiter(hold.Request{Tenant: p.id, Current: p.current})
		start := time.Now()
		waits := make(chan error, 1)
		if err := first.Wait(t.Context(), p.current()); err != nil {
			t.Fatal(err)
		}
		go func() { waits <- second.Wait(t.Context(), p.current()) }()
		synctest.Wait()
		first.Done(hold.Failed)
		if err := <-waits; err != nil || time.Since(start) != 75*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		second.Done(hold.Served)
		second.Done(hold.Served)
		empty(t, p.hold)
	})
}
