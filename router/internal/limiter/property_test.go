package limiter_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/shared/directory"
)

// weather is a demand that changes at random: how much there is, and where.
type weather struct {
	total []float64   // as a multiple of the limit, one a stretch
	parts [][]float64 // how it is spread, one a stretch
	every time.Duration
}

func drawWeather(t *rapid.T, routers int, least, most float64) weather {
	w := weather{every: time.Duration(rapid.IntRange(50, 2000).Draw(t, "stretch ms")) * time.Millisecond}
	for range rapid.IntRange(1, 6).Draw(t, "stretches") {
		w.total = append(w.total, rapid.Float64Range(least, most).Draw(t, "total"))
		parts, sum := make([]float64, routers), 0.0
		for i := range parts {
			parts[i] = float64(rapid.IntRange(0, 10).Draw(t, "part"))
			sum += parts[i]
		}
		if sum == 0 {
			parts[0], sum = 1, 1
		}
		for i := range parts {
			parts[i] /= sum
		}
		w.parts = append(w.parts, parts)
	}
	return w
}

func (w weather) demand(rate float64) demand {
	return func(now time.Duration) []float64 {
		i := int(now/w.every) % len(w.total)
		rates := make([]float64, len(w.parts[i]))
		for j, p := range w.parts[i] {
			rates[j] = rate * w.total[i] * p
		}
		return rates
	}
}

// overshoot is doc.go's bound: what routers admit beyond one exact bucket.
func overshoot(limit directory.Limit, burst float64, routers int, most float64, latency time.Duration) float64 {
	others := float64(routers - 1)
	unseen := 2.2*interval.Seconds() + latency.Seconds() // two exchanges, late by a tenth
	byDemand := most * limit.PerSecond * unseen
	byBuckets := others * (burst + limit.PerSecond*unseen)
	hidden := others * burst / 8
	return min(byDemand+hidden, byBuckets) + 2*interval.Seconds()*limit.PerSecond + float64(routers)
}

func TestOvershootIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		routers := rapid.IntRange(1, 6).Draw(t, "routers")
		limit := directory.Limit{
			PerSecond: float64(rapid.IntRange(1, 1000).Draw(t, "rate")),
			Burst:     rapid.IntRange(1, 1000).Draw(t, "burst"),
		}
		const most = 4
		f := newFleet(routers, limit, rapid.Uint64().Draw(t, "seed"))
		f.latency = time.Duration(rapid.IntRange(0, 50).Draw(t, "latency ms")) * time.Millisecond
		f.run(5*time.Second, drawWeather(t, routers, 0, most).demand(limit.PerSecond), rapid.Bool().Draw(t, "poisson"))
		// The exact meter's peak is the most, over all spans of time, that was
		// admitted beyond the rate times the span.
		bound := float64(limit.Burst) + overshoot(limit, float64(limit.Burst), routers, most, f.latency)
		if f.peak > bound {
			t.Fatalf("the common meter rose to %.1f, bound %.1f", f.peak, bound)
		}
		for i, r := range f.routers {
			if most := float64(limit.Burst) + limit.PerSecond*f.now.Seconds() + 1; float64(r.admitted) > most {
				t.Fatalf("router %d alone admitted %d of %.0f", i, r.admitted, most)
			}
		}
	})
}

func TestBelowTheLimitNothingIsEverRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		routers := rapid.IntRange(1, 6).Draw(t, "routers")
		rate := rapid.IntRange(1, 1000).Draw(t, "rate")
		// A burst of a second's worth, and a request for each router: their
		// single requests may come together.
		limit := directory.Limit{PerSecond: float64(rate), Burst: rate + 2*routers}
		f := newFleet(routers, limit, rapid.Uint64().Draw(t, "seed"))
		f.latency = time.Duration(rapid.IntRange(0, 50).Draw(t, "latency ms")) * time.Millisecond
		f.run(6*time.Second, drawWeather(t, routers, 0, 0.98).demand(limit.PerSecond), false)
		if admitted, refused := f.totals(); refused > 0 {
			t.Fatalf("%d refused, %d admitted", refused, admitted)
		}
	})
}
