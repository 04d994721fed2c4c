package hold_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/shared/tenancy"
)

// platform is a cache with one tenant, and the cell that the tenant is in.
type platform struct {
	hold *hold.Hold
	id   tenancy.ID

	mu     sync.Mutex
	cache  hold.Position
	frozen bool
	order  []int // requests in the order in which the cell served them
	tries  int   // all that reached the cell
}

func newPlatform(opts hold.Options) *platform {
	return &platform{hold: hold.New(opts), id: tenancy.NewID(), cache: hold.Position{Version: 1, Epoch: 1}, frozen: true}
}

func (p *platform) current() hold.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cache
}

func (p *platform) thaw(frozen bool) {
	p.mu.Lock()
	p.frozen = !frozen
	p.mu.Unlock()
}

// move ends the freeze and tells the router.
func (p *platform) move() {
	p.mu.Lock()
	p.cache.Version++
	p.cache.Epoch++
	p.frozen = false
	now := p.cache
	p.mu.Unlock()
	p.hold.Notify(p.id, now)
}

// send is a request at the cell: it takes 5 ms and reports whether it was served.
func (p *platform) send(number int) bool {
	p.mu.Lock()
	p.tries++
	if p.frozen {
		p.mu.Unlock()
		return false
	}
	p.order = append(p.order, number)
	p.mu.Unlock()
	wait(5 * time.Millisecond)
	return true
}

func (p *platform) tried() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

// request does what the proxy does, and returns what the client gets.
func (p *platform) request(ctx context.Context, number int, bytes int64) error {
	var waiter *hold.Waiter
	defer func() { waiter.Done(hold.Served) }()
	for {
		seen := p.current()
		if p.send(number) {
			return nil
		}
		if waiter == nil {
			waiter = p.hold.Waiter(hold.Request{Tenant: p.id, Bytes: bytes, Current: p.current})
		}
		if err := waiter.Wait(ctx, seen); err != nil {
			return err
		}
	}
}

// requests starts n requests, one millisecond apart, and returns how to wait
// for them and how many failed.
func (p *platform) requests(ctx context.Context, n int) (done func() int) {
	var wg sync.WaitGroup
	var failed atomic.Int64
	for i := range n {
		wg.Go(func() {
			if p.request(ctx, i, 100) != nil {
				failed.Add(1)
			}
		})
		wait(time.Millisecond)
	}
	return func() int { wg.Wait(); return int(failed.Load()) }
}

// wait lets the bubble's clock run.
func wait(d time.Duration) { <-time.After(d) }

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// inBubble hides from rapid what a synctest bubble does not have: a deadline.
type inBubble struct{ rapid.TB }

// empty fails the test if anything is still accounted for.
func empty(t testing.TB, h *hold.Hold) {
	t.Helper()
	if s := h.Stats(); s.Requests != 0 || s.Bytes != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

// is compares identities: all refusals have the same code, so errors.Is would
// take one for another.
func is(got, want error) bool { return got == want } //nolint:errorlint // see above
