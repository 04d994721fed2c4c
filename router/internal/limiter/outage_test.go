package limiter_test

import (
	"math"
	"testing"
	"time"

	"github.com/coditect/platform/shared/directory"
)

func within(t *testing.T, what string, got int, want, tolerance float64) {
	t.Helper()
	if off := float64(got)/want - 1; math.Abs(off) > tolerance {
		t.Errorf("%s: admitted %d, want %.0f: %+.1f %%", what, got, want, 100*off)
	}
}

func TestWithoutRedisRoutersKeepTheirShares(t *testing.T) {
	for name, c := range map[string]struct {
		load   demand
		second float64 // all routers' requests a second while Redis is gone
	}{
		"even":   {shares(300, .25, .25, .25, .25), 200},
		"uneven": {shares(300, .9, .1, 0, 0), 180 + 30}, // a tenth is less than an equal part: it is not held to it
		"one":    {shares(300, 0, 1, 0, 0), 200},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(4, directory.Limit{PerSecond: 200}, 11)
			f.run(5*time.Second, c.load, false)
			f.down = true
			within(t, "first seconds", f.measure(3*time.Second, c.load, false).admitted, 3*c.second, 0.1)
			within(t, "a minute", f.measure(time.Minute, c.load, false).admitted, 60*c.second, 0.05)
			f.down = false
			within(t, "coming back", f.measure(3*time.Second, c.load, false).admitted, 600, 0.1)
			within(t, "afterwards", f.measure(20*time.Second, c.load, false).admitted, 4000, 0.05)
		})
	}
}

func TestWithoutRedisNothingIsRefusedBelowTheLimit(t *testing.T) {
	for name, load := range map[string]demand{
		"even":   shares(180, .25, .25, .25, .25),
		"uneven": shares(180, .9, .1, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(4, directory.Limit{PerSecond: 200}, 12)
			f.run(5*time.Second, load, false)
			f.down = true
			f.run(time.Minute, load, false)
			f.down = false
			f.ledger.keys = newLedger(interval).keys // it restarted, empty
			f.run(10*time.Second, load, false)
			if _, refused := f.totals(); refused > 0 {
				t.Errorf("%d refused", refused)
			}
		})
	}
}

func TestLoadThatComesWithoutRedisGetsAnEqualShare(t *testing.T) {
	f := newFleet(4, directory.Limit{PerSecond: 200}, 13)
	f.run(3*time.Second, shares(0, 1, 1, 1, 1), false) // they know of each other, and of no request
	f.down = true
	f.run(5*time.Second, shares(0, 1, 1, 1, 1), false)
	load := shares(800, .25, .25, .25, .25)
	f.run(2*time.Second, load, false)
	within(t, "all", f.measure(20*time.Second, load, false).admitted, 4000, 0.05)
}

func TestLedgerThatForgetsStartsNoStorm(t *testing.T) {
	f := newFleet(4, directory.Limit{PerSecond: 200}, 14)
	load := shares(260, .4, .3, .2, .1)
	f.run(5*time.Second, load, false)
	for range 10 {
		f.ledger.keys = newLedger(interval).keys
		within(t, "after it forgot", f.measure(2*time.Second, load, false).admitted, 400, 0.1)
	}
}

func TestRestartedRedisAfterAnOutageStartsNoStorm(t *testing.T) {
	f := newFleet(4, directory.Limit{PerSecond: 200}, 15)
	load := shares(260, .4, .3, .2, .1)
	f.run(5*time.Second, load, false)
	for range 5 {
		f.down = true
		f.run(4*time.Second, load, false)
		f.down = false
		f.ledger.keys = newLedger(interval).keys
		within(t, "after it came back", f.measure(2*time.Second, load, false).admitted, 400, 0.12)
	}
}

func TestOneRouterCutOffKeepsItsShareOnly(t *testing.T) {
	f := newFleet(4, directory.Limit{PerSecond: 200}, 16)
	load := shares(400, .25, .25, .25, .25)
	f.run(5*time.Second, load, false)
	cut := f.routers[0]
	cut.cut = true
	before := cut.admitted
	f.run(20*time.Second, load, false)
	within(t, "cut off", cut.admitted-before, 1000, 0.1)
	cut.cut = false
	f.run(time.Second, load, false)
	within(t, "back", f.measure(20*time.Second, load, false).admitted, 4000, 0.05)
}
