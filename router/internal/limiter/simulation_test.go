package limiter_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/coditect/platform/shared/directory"
)

// shares spreads a demand over routers.
func shares(total float64, parts ...float64) demand {
	rates := make([]float64, len(parts))
	for i, p := range parts {
		rates[i] = total * p
	}
	return func(time.Duration) []float64 { return rates }
}

// jumping moves all of a demand from router to router.
func jumping(rate float64, routers int, every time.Duration) demand {
	return func(now time.Duration) []float64 {
		rates := make([]float64, routers)
		rates[int(now/every)%routers] = rate
		return rates
	}
}

// loads are ways in which four routers meet a tenant's requests.
func loads(rate float64) map[string]demand {
	return map[string]demand{
		"even":             shares(rate, .25, .25, .25, .25),
		"uneven":           shares(rate, .9, .1, 0, 0),
		"one":              shares(rate, 0, 0, 1, 0),
		"jumping slowly":   jumping(rate, 4, 1500*time.Millisecond),
		"jumping fast":     jumping(rate, 4, 300*time.Millisecond),
		"jumping at every": jumping(rate, 4, 50*time.Millisecond),
	}
}

// counted is what a fleet did in a stretch of time.
type counted struct{ admitted, refused int }

func (f *fleet) measure(d time.Duration, want demand, poisson bool) counted {
	admitted, refused := f.totals()
	f.run(d, want, poisson)
	a, r := f.totals()
	return counted{a - admitted, r - refused}
}

func TestTotalIsTheLimitHoweverLoadIsSpread(t *testing.T) {
	for _, rate := range []float64{5, 50, 2000} {
		for _, times := range []float64{1.05, 1.5, 4} {
			for name, load := range loads(rate * times) {
				for _, poisson := range []bool{false, true} {
					t.Run(fmt.Sprintf("%v/s/%v times/%s/poisson %v", rate, times, name, poisson), func(t *testing.T) {
						f := newFleet(4, directory.Limit{PerSecond: rate, Burst: max(5, int(rate/4))}, 1)
						f.run(8*time.Second, load, poisson)
						before := f.ideal
						const stretch = 20 * time.Second
						got := f.measure(stretch, load, poisson)
						want := float64(f.ideal.admitted - before.admitted) // the limit, where demand never paused
						if off := float64(got.admitted)/want - 1; math.Abs(off) > 0.05 {
							t.Errorf("admitted %d in %s, want %.0f: %+.1f %%", got.admitted, stretch, want, 100*off)
						}
					})
				}
			}
		}
	}
}

func TestNothingIsRefusedBelowTheLimit(t *testing.T) {
	for _, rate := range []float64{5, 50, 2000} {
		for _, times := range []float64{0.5, 0.9, 0.99} {
			for name, load := range loads(rate * times) {
				t.Run(fmt.Sprintf("%v/s/%v times/%s", rate, times, name), func(t *testing.T) {
					f := newFleet(4, directory.Limit{PerSecond: rate}, 1)
					if got := f.measure(20*time.Second, load, false); got.refused > 0 || got.admitted < int(19*rate*times) {
						t.Errorf("%+v", got)
					}
				})
			}
		}
	}
}

// Requests that come at random overflow even an exact bucket now and then.
func TestRandomArrivalsBelowTheLimitFareAsInOneBucket(t *testing.T) {
	for name, load := range loads(100 * 0.95) {
		t.Run(name, func(t *testing.T) {
			f := newFleet(4, directory.Limit{PerSecond: 100, Burst: 50}, 7)
			got := f.measure(30*time.Second, load, true)
			if got.refused > f.ideal.refused+got.admitted/100 {
				t.Errorf("%+v, one bucket refused %d", got, f.ideal.refused)
			}
		})
	}
}

func TestSlowRedisKeepsTheTotal(t *testing.T) {
	f := newFleet(4, directory.Limit{PerSecond: 200}, 3)
	f.latency = 150 * time.Millisecond
	load := shares(400, .4, .3, .2, .1)
	f.run(5*time.Second, load, true)
	if got := f.measure(20*time.Second, load, true); math.Abs(float64(got.admitted)/4000-1) > 0.05 {
		t.Errorf("%+v, want 4000 admitted", got)
	}
}

func TestManyRoutersKeepTheTotal(t *testing.T) {
	f := newFleet(16, directory.Limit{PerSecond: 200}, 3)
	parts := evenly(16)
	f.run(5*time.Second, shares(600, parts...), true)
	if got := f.measure(20*time.Second, shares(600, parts...), true); math.Abs(float64(got.admitted)/4000-1) > 0.05 {
		t.Errorf("%+v, want 4000 admitted", got)
	}
}

func TestSmallLimitIsNotStarvedByManyRouters(t *testing.T) {
	f := newFleet(4, directory.Limit{PerSecond: 1, Burst: 1}, 5)
	load := shares(40, .25, .25, .25, .25)
	f.run(5*time.Second, load, true)
	if got := f.measure(200*time.Second, load, true); got.admitted < 180 || got.admitted > 210 {
		t.Errorf("%+v, want about 200 admitted", got)
	}
}

// The total is not only right in the long run: routers do not all take the same
// free tokens, and then pay for it together.
func TestScarcityIsSharedSmoothly(t *testing.T) {
	for _, c := range []struct {
		routers     int
		times       float64
		least, most float64 // admitted in any window, as a part of the limit; the mean of several runs
	}{
		{4, 4, 0.9, 1.1},
		{12, 1.5, 0.78, 1.22},
		{30, 1.5, 0.72, 1.35},
	} {
		low, high := 0.0, 0.0
		const runs = 10
		for seed := range uint64(runs) {
			l, h := extremes(c.routers, c.times, seed)
			low, high = low+l/runs, high+h/runs
		}
		if low < c.least || high > c.most {
			t.Errorf("%d routers, %v times the limit: %.2f to %.2f of it, want %v to %v", c.routers, c.times, low, high, c.least, c.most)
		}
	}
}

// extremes are the least and the most that was admitted in a fifth of a second,
// as a part of the limit.
func extremes(routers int, times float64, seed uint64) (low, high float64) {
	const rate, window = 400, 200 * time.Millisecond
	f := newFleet(routers, directory.Limit{PerSecond: rate}, seed)
	load := shares(rate*times, evenly(routers)...)
	f.run(8*time.Second, load, true)
	low = math.Inf(1)
	for range 50 {
		part := float64(f.measure(window, load, true).admitted) / (rate * window.Seconds())
		low, high = min(low, part), max(high, part)
	}
	return low, high
}

// evenly is n equal parts of one.
func evenly(n int) []float64 {
	parts := make([]float64, n)
	for i := range parts {
		parts[i] = 1 / float64(n)
	}
	return parts
}

// Routers that ask seldom know of the others' requests before they hear of them.
func TestOthersAreExpectedToGoOn(t *testing.T) {
	parts := evenly(12)
	const rate, burst = 20, 20
	over := 0.0
	const seeds = 8
	for seed := range uint64(seeds) {
		f := newFleet(12, directory.Limit{PerSecond: rate, Burst: burst}, seed)
		f.run(8*time.Second, shares(1.5*rate, parts...), true)
		f.peak = 0
		f.run(10*time.Second, shares(1.5*rate, parts...), true)
		over += (f.peak - burst) / seeds
	}
	if over > 4 {
		t.Errorf("the common meter's peak is %.1f requests above the burst on average, want at most 4", over)
	}
}
