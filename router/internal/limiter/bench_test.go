package limiter_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func keysInTurn(n int) []limiter.Key {
	keys := make([]limiter.Key, n)
	for i := range keys {
		keys[i].Tenant = tenancy.NewID()
	}
	return keys
}

func TestTakeAllocatesNothing(t *testing.T) {
	const most = 4096
	shared := limiter.NewSimulated(limiter.Options{Now: func() time.Time { return start }, MaxKeys: 2 * most}, rand.Float64)
	for name, l := range map[string]*limiter.Limiter{
		"alone": newAlone(t, limiter.Options{MaxKeys: 2 * most}), "shared": shared,
	} {
		keys, limit, at := keysInTurn(most), &directory.Limit{PerSecond: 10, Burst: 2, Concurrent: 5}, 0
		take := func() {
			_, ticket := l.Take(keys[at%most], limit, start.Add(time.Duration(at)*time.Microsecond))
			ticket.Done()
			at++
		}
		for range most {
			take()
		}
		if n := testing.AllocsPerRun(10*most, take); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	for _, n := range []int{1, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			keys, limit := keysInTurn(n), &directory.Limit{PerSecond: 1000, Concurrent: 100}
			l := limiter.NewSimulated(limiter.Options{Now: time.Now, MaxKeys: 2 * n * 256}, rand.Float64)
			now := time.Now()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for _, k := range keys {
				_, ticket := l.Take(k, limit, now)
				ticket.Done()
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				v, ticket := l.Take(keys[i%n], limit, now.Add(time.Duration(i)*time.Microsecond))
				if v.Limit == 0 {
					b.Fatal(v)
				}
				ticket.Done()
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/key")
		})
	}
}

// An exchange of as many keys as one may have, each with something to say.
func BenchmarkExchange(b *testing.B) {
	const keysAtOnce = 2048
	l := newAlone(b, limiter.Options{Redis: connect(b, testkit.Redis(b)), Now: time.Now, SyncInterval: time.Second})
	keys, limit := keysInTurn(keysAtOnce), &directory.Limit{PerSecond: 10}
	for b.Loop() {
		for _, k := range keys {
			for range 3 {
				_, ticket := l.Take(k, limit, time.Now())
				ticket.Done()
			}
		}
		if err := l.SyncOnce(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/keysAtOnce, "µs/key")
}

func BenchmarkTakeParallel(b *testing.B) {
	keys, limit := keysInTurn(10_000), &directory.Limit{PerSecond: 1000, Concurrent: 100}
	l := limiter.NewSimulated(limiter.Options{Now: time.Now, MaxKeys: 1 << 20}, rand.Float64)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		now := time.Now()
		for i := 0; pb.Next(); i++ {
			_, ticket := l.Take(keys[i%len(keys)], limit, now)
			ticket.Done()
		}
	})
}
