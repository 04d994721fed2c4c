package limiter_test

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func newClient(t testing.TB, o *redis.Options) *redis.Client {
	t.Helper()
	client := redis.NewClient(o)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func connect(t testing.TB, url string) *redis.Client {
	t.Helper()
	client, err := limiter.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// live is four limiters at one real Redis, and a tenant's requests at each.
type live struct {
	limiters  []*limiter.Limiter
	key       limiter.Key
	limit     directory.Limit
	rates     []atomic.Int64 // requests a second wanted at each, now
	admitted  atomic.Int64
	refused   atomic.Int64
	slowest   atomic.Int64 // ns of one Take
	attempted []atomic.Int64
}

func newLive(t *testing.T, url string, limit directory.Limit) *live {
	t.Helper()
	const routers = 4
	s := &live{
		key: limiter.Key{Tenant: tenancy.NewID()}, limit: limit,
		rates: make([]atomic.Int64, routers), attempted: make([]atomic.Int64, routers),
	}
	ctx, cancel := context.WithCancel(testkit.Context(t))
	var group sync.WaitGroup
	t.Cleanup(group.Wait)
	t.Cleanup(cancel)
	for i := range routers {
		l, err := limiter.New(limiter.Options{Redis: connect(t, url), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		s.limiters = append(s.limiters, l)
		group.Go(func() {
			if err := l.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() { s.generate(ctx, i) })
	}
	testkit.Eventually(t, "four routers know of each other", func() bool {
		for _, l := range s.limiters {
			if l.Routers() != routers {
				return false
			}
		}
		return true
	})
	return s
}

// generate sends requests to one limiter at the wanted rate, by elapsed time.
func (s *live) generate(ctx context.Context, i int) {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	last, owed := time.Now(), 0.0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		owed += float64(s.rates[i].Load()) * now.Sub(last).Seconds()
		last = now
		for ; owed >= 1; owed-- {
			s.request(i)
		}
	}
}

func (s *live) request(i int) {
	began := time.Now()
	v, ticket := s.limiters[i].Take(s.key, &s.limit, began)
	if took := int64(time.Since(began)); took > s.slowest.Load() {
		s.slowest.Store(took)
	}
	if v.OK {
		s.admitted.Add(1)
	} else {
		s.refused.Add(1)
	}
	s.attempted[i].Add(1)
	ticket.Done()
}

func (s *live) want(rates ...int64) {
	for i, r := range rates {
		s.rates[i].Store(r)
	}
}

// wait returns when so much time has passed.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal("the test ended")
	}
}

// perSecond measures what was admitted and refused, a second, while so much
// time passed.
func (s *live) perSecond(t *testing.T, d time.Duration) (admitted, refused float64) {
	t.Helper()
	a, r, began := s.admitted.Load(), s.refused.Load(), time.Now()
	wait(t, d)
	took := time.Since(began).Seconds()
	return float64(s.admitted.Load()-a) / took, float64(s.refused.Load()-r) / took
}

func TestFourRoutersKeepTheLimitThroughRedis(t *testing.T) {
	t.Parallel()
	for name, rates := range map[string][]int64{
		"even":       {150, 150, 150, 150},
		"uneven":     {540, 60, 0, 0},
		"just above": {105, 105, 105, 105},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLive(t, testkit.Redis(t), directory.Limit{PerSecond: 400, Burst: 100})
			s.want(rates...)
			wait(t, 3*time.Second) // just above, a burst lasts five
			for s.refused.Load() == 0 {
				wait(t, 100*time.Millisecond)
			}
			if got, _ := s.perSecond(t, 4*time.Second); math.Abs(got/400-1) > 0.05 {
				t.Errorf("%.1f/s admitted, want 400 ± 5 %%", got)
			}
		})
	}
}

func TestFourRoutersKeepTheLimitWhileLoadJumps(t *testing.T) {
	t.Parallel()
	s := newLive(t, testkit.Redis(t), directory.Limit{PerSecond: 400, Burst: 200})
	jump := func(to int) {
		rates := make([]int64, len(s.rates))
		rates[to] = 800
		s.want(rates...)
	}
	for i := range 2 {
		jump(i)
		wait(t, 700*time.Millisecond)
	}
	a, began := s.admitted.Load(), time.Now()
	for i := range 6 {
		jump((2 + i) % len(s.rates))
		wait(t, 700*time.Millisecond)
	}
	if got := float64(s.admitted.Load()-a) / time.Since(began).Seconds(); math.Abs(got/400-1) > 0.05 {
		t.Errorf("%.1f/s admitted, want 400 ± 5 %%", got)
	}
}

func TestNothingIsRefusedBelowTheLimitThroughRedis(t *testing.T) {
	t.Parallel()
	s := newLive(t, testkit.Redis(t), directory.Limit{PerSecond: 400})
	for _, rates := range [][]int64{{95, 95, 95, 95}, {0, 342, 38, 0}, {0, 0, 0, 380}} {
		s.want(rates...)
		if admitted, refused := s.perSecond(t, 2*time.Second); refused > 0 || admitted < 300 {
			t.Errorf("%v: %.1f/s admitted, %.1f/s refused", rates, admitted, refused)
		}
	}
}

func TestRedisThatDiesAndComesBack(t *testing.T) {
	t.Parallel()
	server := servers.Redis{Dir: t.TempDir(), Port: testkit.FreePorts(t, 1)[0], Password: "test"}
	process := testkit.Run(t, server)
	s := newLive(t, server.URL(0), directory.Limit{PerSecond: 400, Burst: 100})
	s.want(150, 150, 150, 150)
	testkit.Eventually(t, "the limit is reached", func() bool { return s.refused.Load() > 0 })
	wait(t, time.Second)

	if err := process.Stop(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.perSecond(t, 4*time.Second); math.Abs(got/400-1) > 0.1 {
		t.Errorf("without Redis %.1f/s admitted, want 400", got)
	}
	for _, l := range s.limiters {
		if !l.Lost(time.Now()) {
			t.Error("a limiter does not notice that Redis is gone")
		}
	}
	testkit.Run(t, server) // empty
	testkit.Eventually(t, "all share again", func() bool {
		for _, l := range s.limiters {
			if l.Lost(time.Now()) || l.Routers() != len(s.limiters) {
				return false
			}
		}
		return true
	})
	if got, _ := s.perSecond(t, 4*time.Second); math.Abs(got/400-1) > 0.1 {
		t.Errorf("with Redis again %.1f/s admitted, want 400", got)
	}
	if slowest := time.Duration(s.slowest.Load()); slowest > 400*time.Millisecond {
		t.Errorf("a request waited %s", slowest) // far below the exchange's patience, far above a busy machine's hiccups
	}
}

func TestRedisThatForgetsStartsNoStorm(t *testing.T) {
	t.Parallel()
	server := servers.Redis{Dir: t.TempDir(), Port: testkit.FreePorts(t, 1)[0], Password: "test"}
	testkit.Run(t, server)
	s := newLive(t, server.URL(0), directory.Limit{PerSecond: 400, Burst: 100})
	s.want(150, 150, 150, 150)
	testkit.Eventually(t, "the limit is reached", func() bool { return s.refused.Load() > 0 })
	client := connect(t, server.URL(0))
	a, began := s.admitted.Load(), time.Now()
	for range 4 {
		if err := client.FlushAll(testkit.Context(t)).Err(); err != nil {
			t.Fatal(err)
		}
		if err := client.ScriptFlush(testkit.Context(t)).Err(); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second)
	}
	if got := float64(s.admitted.Load()-a) / time.Since(began).Seconds(); math.Abs(got/400-1) > 0.1 {
		t.Errorf("%.1f/s admitted, want 400", got)
	}
}
