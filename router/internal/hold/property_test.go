package hold_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// span is a time in which a request was held.
type span struct {
	from, until time.Time
	err         error
}

// Whatever happens to a tenant, its waits fall into windows that are short
// enough and far enough apart, the bounds hold at every moment, and nobody is
// forgotten.
func TestWindowsAndBoundsHold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(rt *rapid.T) {
			opts := hold.Options{Window: time.Second, MinInterval: 400 * time.Millisecond, PerTenant: 5, Bytes: 8 * (hold.Overhead + 100)}
			p := newPlatform(opts)
			q := &platform{hold: p.hold, id: tenancy.NewID(), frozen: true}
			var wg sync.WaitGroup
			spans := make(chan span, 1000)
			for range rapid.IntRange(1, 60).Draw(rt, "steps") {
				switch tenant := rapid.SampledFrom([]*platform{p, p, q}).Draw(rt, "tenant"); rapid.IntRange(0, 9).Draw(rt, "what") {
				case 0:
					tenant.thaw(true)
				case 1, 2:
					tenant.thaw(false)
				case 3:
					tenant.move()
				default:
					patience := time.Duration(rapid.IntRange(1, 3000).Draw(rt, "patience")) * time.Millisecond
					wg.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						defer cancel()
						s := span{from: time.Now()}
						s.err = tenant.request(ctx, 0, 100)
						if s.until = time.Now(); tenant == p {
							spans <- s
						}
					})
				}
				synctest.Wait()
				if s := p.hold.Stats(); s.Requests > 8 || s.Bytes > opts.Bytes || s.Bytes < 0 {
					rt.Fatalf("bounds: %+v", s)
				}
				wait(time.Duration(rapid.IntRange(0, 300).Draw(rt, "pause")) * time.Millisecond)
			}
			wg.Wait()
			close(spans)
			checkSpans(rt, opts, spans)
			wait(opts.Window + opts.MinInterval)
			if s := p.hold.Stats(); s != (hold.Stats{}) {
				rt.Fatalf("left behind: %+v", s)
			}
		})
	})
}

func checkSpans(rt *rapid.T, opts hold.Options, spans <-chan span) {
	const atCell = 5 * time.Millisecond // a request that is being served waits no more, but its span goes on
	for s := range spans {
		if held := s.until.Sub(s.from); held > opts.Window+2*atCell {
			rt.Fatalf("held for %s", held)
		}
		if s.err != nil && fault.CodeOf(s.err) != fault.Unavailable {
			rt.Fatalf("refused with %v", s.err)
		}
	}
}

// A tenant that never thaws has its requests held at most Window of every
// Window + MinInterval, however they arrive.
func TestWindowsNeverChain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(rt *rapid.T) {
			opts := hold.Options{Window: time.Second, MinInterval: 400 * time.Millisecond}
			p := newPlatform(opts)
			var ends []time.Time
			start, gone := time.Now(), time.Time{}
			for range rapid.IntRange(1, 40).Draw(rt, "requests") {
				patience := time.Duration(rapid.IntRange(1, 1500).Draw(rt, "patience")) * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				began := time.Now()
				if began.Sub(gone) >= opts.MinInterval {
					start = began // model: quiet for long enough, so a new window
				}
				err := p.request(ctx, 0, 0)
				cancel()
				if held := time.Now(); held != began {
					gone = held
				}
				if waited := time.Since(start); !is(err, hold.ErrTooSoon) && waited > opts.Window {
					rt.Fatalf("%v %s after its window's start", err, waited)
				}
				if is(err, hold.ErrWindow) {
					ends = append(ends, time.Now())
				}
				wait(time.Duration(rapid.IntRange(0, 600).Draw(rt, "pause")) * time.Millisecond)
			}
			for i := 1; i < len(ends); i++ {
				if ends[i].Sub(ends[i-1]) < opts.MinInterval {
					rt.Fatalf("windows ended %s apart", ends[i].Sub(ends[i-1]))
				}
			}
		})
	})
}

// Under real concurrency nobody is lost and nothing is left behind.
func TestConcurrentWaiters(t *testing.T) {
	t.Parallel()
	h := hold.New(hold.Options{Window: 20 * time.Second, PerTenant: 100, Bytes: 150 * (hold.Overhead + 10)})
	tenants := make([]*platform, 4)
	for i := range tenants {
		tenants[i] = &platform{hold: h, id: tenancy.NewID()}
	}
	stop := make(chan struct{})
	var movers, clients sync.WaitGroup
	movers.Go(func() {
		for {
			for _, p := range tenants {
				p.thaw(false)
				wait(time.Millisecond)
				p.move()
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	var served, refused atomic.Int64
	for i := range 200 {
		clients.Go(func() {
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rand.IntN(20000))*time.Microsecond)
				if tenants[i%4].request(ctx, 0, 10) == nil {
					served.Add(1)
				} else {
					refused.Add(1)
				}
				cancel()
				if s := h.Stats(); s.Bytes > 150*(hold.Overhead+10) {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	movers.Wait()
	if served.Load() < 1000 || served.Load()+refused.Load() != 4000 {
		t.Errorf("%d served, %d refused", served.Load(), refused.Load())
	}
	empty(t, h)
}
