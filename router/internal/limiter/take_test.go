package limiter_test

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

var (
	start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	key   = limiter.Key{Tenant: tenancy.ID{7}, Class: 3}
)

func newAlone(t testing.TB, opts limiter.Options) *limiter.Limiter {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return start }
	}
	l, err := limiter.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// admit takes n times and returns how many were admitted.
func admit(l *limiter.Limiter, limit *directory.Limit, now time.Time, n int) (ok int) {
	for range n {
		v, ticket := l.Take(key, limit, now)
		if v.OK {
			ok++
		}
		ticket.Done()
	}
	return ok
}

func TestBurstThenRate(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	limit := &directory.Limit{PerSecond: 10, Burst: 5}
	if got := admit(l, limit, start, 20); got != 5 {
		t.Errorf("burst: %d", got)
	}
	if got := admit(l, limit, start.Add(99*time.Millisecond), 2); got != 0 {
		t.Errorf("before a token is back: %d", got)
	}
	for i := 1; i <= 50; i++ {
		if got := admit(l, limit, start.Add(time.Duration(i)*100*time.Millisecond), 3); got != 1 {
			t.Fatalf("after %d tokens: %d", i, got)
		}
	}
	if got := admit(l, limit, start.Add(time.Hour), 20); got != 5 {
		t.Errorf("after a pause: %d", got)
	}
	if got := admit(l, limit, start, 1); got != 0 {
		t.Error("a clock that goes back gives tokens")
	}
}

func TestVerdictSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	limit := &directory.Limit{PerSecond: 2, Burst: 3}
	for i, want := range []limiter.Verdict{
		{OK: true, Limit: 3, Remaining: 2, Reset: 500 * time.Millisecond},
		{OK: true, Limit: 3, Remaining: 1, Reset: time.Second},
		{OK: true, Limit: 3, Remaining: 0, Reset: 1500 * time.Millisecond},
		{Reason: limiter.Rate, Limit: 3, Remaining: 0, Reset: 1500 * time.Millisecond, RetryAfter: 500 * time.Millisecond},
	} {
		if got, _ := l.Take(key, limit, start); got != want {
			t.Errorf("request %d: %+v, want %+v", i, got, want)
		}
	}
}

func TestRetryAfterIsWhenARequestSucceeds(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	limit := &directory.Limit{PerSecond: 0.3, Burst: 4}
	admit(l, limit, start, 4)
	v, _ := l.Take(key, limit, start)
	if got := admit(l, limit, start.Add(v.RetryAfter-time.Millisecond), 1); got != 0 {
		t.Errorf("a moment before %s it is admitted already", v.RetryAfter)
	}
	if got := admit(l, limit, start.Add(v.RetryAfter+time.Millisecond), 2); got != 1 {
		t.Errorf("after %s: %d", v.RetryAfter, got)
	}
}

func TestChangedLimitKeepsWhatWasUsed(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	small, large := &directory.Limit{PerSecond: 1, Burst: 10}, &directory.Limit{PerSecond: 1, Burst: 30}
	if got := admit(l, small, start, 20); got != 10 {
		t.Fatalf("small: %d", got)
	}
	if got := admit(l, large, start, 40); got != 20 {
		t.Errorf("upgraded: %d more, want 20", got)
	}
	if got := admit(l, small, start.Add(20*time.Second), 1); got != 0 {
		t.Error("downgraded: what was used beyond the small limit is forgotten")
	}
	if got := admit(l, small, start.Add(25*time.Second), 9); got != 5 {
		t.Errorf("downgraded, five tokens later: %d", got)
	}
	fast := &directory.Limit{PerSecond: 1000, Burst: 10}
	if got := admit(l, fast, start.Add(25*time.Second), 5); got != 0 {
		t.Error("a higher rate works for the past")
	}
}

func TestUnboundedLimitsAdmitEverything(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	for _, limit := range []*directory.Limit{
		nil, {}, {PerSecond: -1}, {PerSecond: math.NaN()}, {PerSecond: math.Inf(1)}, {Burst: 3}, {MaxBody: 10},
	} {
		if got := admit(l, limit, start, 1000); got != 1000 {
			t.Errorf("%+v: %d", limit, got)
		}
		if v, _ := l.Take(key, limit, start); v != (limiter.Verdict{OK: true}) {
			t.Errorf("%+v: %+v", limit, v)
		}
	}
	if l.Keys() != 0 {
		t.Errorf("%d keys held", l.Keys())
	}
}

func TestConcurrentRequestsGiveTheirPlacesBack(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	limit := &directory.Limit{Concurrent: 2}
	_, first := l.Take(key, limit, start)
	_, second := l.Take(key, limit, start)
	v, none := l.Take(key, limit, start)
	if v.OK || v.Reason != limiter.Concurrency || v.RetryAfter <= 0 {
		t.Errorf("third: %+v", v)
	}
	none.Done()
	if v, _ := l.Take(limiter.Key{Tenant: key.Tenant, Class: 4}, limit, start); !v.OK {
		t.Error("another class shares the places")
	}
	if v, _ := l.Take(key, limit, start); v.OK {
		t.Error("a zero ticket gave a place back")
	}
	first.Done()
	first.Done()
	if v, _ := l.Take(key, limit, start); !v.OK {
		t.Error("a place that was given back is not free")
	}
	if v, _ := l.Take(key, limit, start); v.OK {
		t.Error("one ticket gave two places back")
	}
	second.Done()
}

func TestRequestsInFlightCountWhenALimitComes(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	rateOnly := &directory.Limit{PerSecond: 100}
	_, ticket := l.Take(key, rateOnly, start)
	if v, _ := l.Take(key, &directory.Limit{PerSecond: 100, Concurrent: 1}, start); v.OK {
		t.Error("the request in flight is not counted")
	}
	ticket.Done()
}

func TestRefusedForConcurrencyCostsNoToken(t *testing.T) {
	t.Parallel()
	l := newAlone(t, limiter.Options{})
	limit := &directory.Limit{PerSecond: 1, Burst: 2, Concurrent: 1}
	_, ticket := l.Take(key, limit, start)
	admit(l, limit, start, 10)
	ticket.Done()
	if got := admit(l, limit, start, 10); got != 1 {
		t.Errorf("%d, want the one token that is left", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 2048
	l := newAlone(t, limiter.Options{MaxKeys: most})
	limit := &directory.Limit{PerSecond: 1, Burst: 3, Concurrent: 1}
	_, held := l.Take(key, limit, start)
	for range 20_000 {
		_, ticket := l.Take(limiter.Key{Tenant: tenancy.NewID()}, limit, start.Add(time.Second))
		ticket.Done()
	}
	if l.Keys() > most || l.Keys() < most*9/10 {
		t.Errorf("%d keys held, at most %d wanted", l.Keys(), most)
	}
	if v, _ := l.Take(key, limit, start); v.Reason != limiter.Concurrency {
		t.Errorf("a key with a request in flight was dropped: %+v", v)
	}
	held.Done()
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	client, err := limiter.Connect("redis://127.0.0.1:1/0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	repeating := *client.Options()
	repeating.MaxRetries = 2
	other := newClient(t, &repeating)
	for _, opts := range []limiter.Options{
		{SyncInterval: time.Microsecond}, {SyncInterval: time.Minute}, {MaxKeys: 3}, {Redis: other},
	} {
		if _, err := limiter.New(opts); err == nil {
			t.Errorf("%+v accepted", opts)
		}
	}
	if _, err := limiter.New(limiter.Options{Redis: client}); err != nil {
		t.Error(err)
	}
}

func TestMetricsCountVerdicts(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	l := newAlone(t, limiter.Options{Registry: registry})
	admit(l, &directory.Limit{PerSecond: 1, Burst: 3}, start, 10)
	_, ticket := l.Take(limiter.Key{Tenant: tenancy.ID{9}}, &directory.Limit{Concurrent: 1}, start)
	l.Take(limiter.Key{Tenant: tenancy.ID{9}}, &directory.Limit{Concurrent: 1}, start)
	ticket.Done()
	metric := func(name, verdict string) float64 {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				if family.GetName() == name && (verdict == "" || m.GetLabel()[0].GetValue() == verdict) {
					return m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
		t.Fatalf("no metric %s %s", name, verdict)
		return 0
	}
	for _, c := range []struct {
		name, verdict string
		want          float64
	}{
		{"router_limiter_requests_total", "allowed", 4},
		{"router_limiter_requests_total", "rate", 7},
		{"router_limiter_requests_total", "concurrency", 1},
		{"router_limiter_keys", "", 2},
		{"router_limiter_redis_up", "", 0},
	} {
		if got := metric(c.name, c.verdict); got != c.want {
			t.Errorf("%s %s: %v, want %v", c.name, c.verdict, got, c.want)
		}
	}
}
