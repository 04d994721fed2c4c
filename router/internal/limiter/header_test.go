package limiter_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/shared/directory"
)

func TestRateLimitField(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]limiter.Verdict{
		`"default";r=50;t=30`: {Limit: 100, Remaining: 50, Reset: 30 * time.Second},
		`"default";r=0;t=1`:   {Limit: 1, Reset: time.Millisecond},
		`"default";r=9;t=0`:   {Limit: 9, Remaining: 9},
		``:                    {OK: true},
	} {
		if got := string(limiter.AppendRateLimit(nil, "default", &v)); got != want {
			t.Errorf("%+v: %s, want %s", v, got, want)
		}
	}
}

func TestRateLimitPolicyField(t *testing.T) {
	t.Parallel()
	for want, limit := range map[string]*directory.Limit{
		`"default";q=100;w=10`: {PerSecond: 10, Burst: 100},
		`"default";q=50;w=1`:   {PerSecond: 50},
		`"default";q=51;w=1`:   {PerSecond: 51, Burst: 5},
		`"default";q=1;w=10`:   {PerSecond: 0.1, Burst: 1},
		`"default";q=1;w=2`:    {PerSecond: 0.5},
		``:                     {Concurrent: 10},
	} {
		if got := string(limiter.AppendPolicy(nil, "default", limit)); got != want {
			t.Errorf("%+v: %s, want %s", limit, got, want)
		}
	}
	if got := limiter.AppendPolicy([]byte("x"), "default", nil); string(got) != "x" {
		t.Errorf("no limit: %s", got)
	}
}

func TestRetryAfterField(t *testing.T) {
	t.Parallel()
	for want, after := range map[string]time.Duration{"1": time.Millisecond, "2": 1001 * time.Millisecond, "30": 30 * time.Second} {
		if got := string(limiter.AppendRetryAfter(nil, &limiter.Verdict{RetryAfter: after})); got != want {
			t.Errorf("%s: %s, want %s", after, got, want)
		}
	}
}

// sfString is RFC 9651's string.
var sfString = regexp.MustCompile(`^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\"|\\\\)*";r=0;t=0$`)

func FuzzFieldIsAStructuredField(f *testing.F) {
	for _, name := range []string{"default", `a"b\c`, "ümläut", "a\r\nSet-Cookie: x", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got := limiter.AppendRateLimit(nil, name, &limiter.Verdict{Limit: 1}); !sfString.Match(got) {
			t.Errorf("%q: %q", name, got)
		}
	})
}

func TestFieldsAllocateNothing(t *testing.T) {
	v := limiter.Verdict{Limit: 100, Remaining: 50, Reset: 30 * time.Second, RetryAfter: time.Second}
	limit := &directory.Limit{PerSecond: 10, Burst: 100}
	buf := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		b := limiter.AppendRateLimit(buf[:0], "default", &v)
		b = limiter.AppendPolicy(b, "default", limit)
		_ = limiter.AppendRetryAfter(b, &v)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
