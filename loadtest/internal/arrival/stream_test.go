package arrival_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/arrival"
)

func times(s *arrival.Stream) (all []time.Duration) {
	for {
		at, _, ok := s.Next()
		if !ok {
			return all
		}
		all = append(all, at)
	}
}

func TestConstantRateIsEven(t *testing.T) {
	t.Parallel()
	all := times(arrival.NewStream([]arrival.Phase{{For: 10 * time.Second, From: 500, To: 500}}, arrival.Whole, nil))
	if len(all) != 5000 {
		t.Fatalf("%d arrivals, want 5000", len(all))
	}
	for i := 1; i < len(all); i++ {
		if gap := all[i] - all[i-1]; (gap - 2*time.Millisecond).Abs() > time.Microsecond {
			t.Fatalf("gap %d is %s", i, gap)
		}
	}
}

func TestARampGoesFromRateToRate(t *testing.T) {
	t.Parallel()
	for _, p := range []arrival.Phase{{For: 10 * time.Second, From: 100, To: 1000}, {For: 10 * time.Second, From: 1000, To: 100}, {For: 10 * time.Second, To: 1100}} {
		all := times(arrival.NewStream([]arrival.Phase{p}, arrival.Whole, nil))
		if len(all) != 5500 {
			t.Fatalf("%v: %d arrivals, want 5500", p, len(all))
		}
		for second := range 10 {
			from, to := time.Duration(second)*time.Second, time.Duration(second+1)*time.Second
			n := 0
			for _, at := range all {
				if at >= from && at < to {
					n++
				}
			}
			want := p.From + (p.To-p.From)*(float64(second)+0.5)/10
			if math.Abs(float64(n)-want) > 1.5 {
				t.Errorf("%v: %d in second %d, want %g", p, n, second, want)
			}
		}
	}
}

// Several processes together send exactly what one would.
func TestSharesAddUpToTheWhole(t *testing.T) {
	t.Parallel()
	phases := []arrival.Phase{{For: time.Second, From: 10, To: 700}, {For: 2 * time.Second, From: 333, To: 333}}
	want := times(arrival.NewStream(phases, arrival.Whole, nil))
	var got []time.Duration
	for i := range 3 {
		got = append(got, times(arrival.NewStream(phases, arrival.Share{Index: i, Of: 3}, nil))...)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d arrivals of three processes differ from %d of one", len(got), len(want))
	}
}

// Gaps of a Poisson process are exponential: their deviation is their mean; and
// a third of the rate in each of three processes makes the whole rate.
func TestPoisson(t *testing.T) {
	t.Parallel()
	phases := []arrival.Phase{{For: 100 * time.Second, From: 300, To: 300}}
	var all []time.Duration
	for i := range 3 {
		all = append(all, times(arrival.NewStream(phases, arrival.Share{Index: i, Of: 3}, rand.New(rand.NewPCG(1, uint64(i)))))...)
	}
	if n := float64(len(all)); math.Abs(n-30_000) > 4*math.Sqrt(30_000) {
		t.Errorf("%g arrivals, want about 30000", n)
	}
	slices.Sort(all)
	var sum, squares float64
	for i := 1; i < len(all); i++ {
		gap := (all[i] - all[i-1]).Seconds()
		sum += gap
		squares += gap * gap
	}
	n := float64(len(all) - 1)
	mean := sum / n
	if deviation := math.Sqrt(squares/n - mean*mean); math.Abs(deviation/mean-1) > 0.05 {
		t.Errorf("deviation of gaps is %.3f of their mean", deviation/mean)
	}
}

func TestTheSameSeedGivesTheSameTimes(t *testing.T) {
	t.Parallel()
	phases := []arrival.Phase{{For: time.Second, From: 100, To: 900}}
	again := func() []time.Duration {
		return times(arrival.NewStream(phases, arrival.Whole, rand.New(rand.NewPCG(7, 0))))
	}
	if !slices.Equal(again(), again()) {
		t.Error("two streams of one seed differ")
	}
}
