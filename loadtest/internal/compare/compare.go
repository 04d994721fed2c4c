package compare

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
)

// Window is one interval of a run.
type Window struct {
	Done, Errors int64
	Response     []record.Bucket
}

// Windows are those of a recording that count, by their times.
func Windows(r *record.Recording, counts func(at time.Duration) bool) (all []Window) {
	for i, w := range r.Windows {
		if w.Response == nil || !counts(time.Duration(i)*r.Shape.Interval) {
			continue
		}
		all = append(all, Window{Done: w.Done, Errors: w.Errors, Response: w.Response.Buckets()})
	}
	return all
}

// Difference is one figure of both sides.
type Difference struct {
	Name        string
	A, B        float64
	Ratio       float64 // B to A
	Low, High   float64 // of the ratio: 95 %
	Significant bool
}

const (
	resamples = 1000
	outside   = 0.025 // on either side
	// fewest windows of which chance can be judged.
	fewest = 5
)

// ErrShort says that a run is too short to be compared.
var ErrShort = errors.New("compare: a run needs at least 5 seconds outside of its warm-up")

// Runs compares b with a. The same seed gives the same intervals.
func Runs(a, b []Window, seed uint64) ([]Difference, error) {
	if len(a) < fewest || len(b) < fewest {
		return nil, ErrShort
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	one, other := newSample(a), newSample(b)
	x, y := one.figures(one.all()), other.figures(other.all())
	ratios := make([][]float64, len(names))
	for range resamples {
		p, q := one.figures(one.draw(rng)), other.figures(other.draw(rng))
		for i := range names {
			ratios[i] = append(ratios[i], ratio(p[i], q[i]))
		}
	}
	var all []Difference
	for i, name := range names {
		slices.Sort(ratios[i])
		d := Difference{
			Name: name, A: x[i], B: y[i], Ratio: ratio(x[i], y[i]),
			Low: ratios[i][int(outside*resamples)], High: ratios[i][int((1-outside)*resamples)-1],
		}
		d.Significant = d.Low > 1 || d.High < 1
		all = append(all, d)
	}
	return all, nil
}

// ratio of two figures; two of nothing are the same.
func ratio(a, b float64) float64 {
	const nothing = 1e-9 // far below a request in a run
	return (b + nothing) / (a + nothing)
}

var (
	names     = []string{"p50 (ms)", "p95 (ms)", "p99 (ms)", "answers a window", "errors (%)"}
	quantiles = []float64{0.50, 0.95, 0.99}
)

// sample is a run's windows, made ready to be added up a thousand times: the
// values of all of them in order, and for each bucket the place of its value.
type sample struct {
	windows []Window
	values  []time.Duration
	places  [][]int
	drawn   []int   // of the windows; kept between draws, as counts is
	counts  []int64 // of the values
}

func newSample(windows []Window) *sample {
	s := &sample{windows: windows, drawn: make([]int, len(windows))}
	for _, w := range windows {
		for _, b := range w.Response {
			s.values = append(s.values, b.Value)
		}
	}
	slices.Sort(s.values)
	s.values = slices.Compact(s.values)
	for _, w := range windows {
		var places []int
		for _, b := range w.Response {
			place, _ := slices.BinarySearch(s.values, b.Value)
			places = append(places, place)
		}
		s.places = append(s.places, places)
	}
	s.counts = make([]int64, len(s.values))
	return s
}

// all draws each window once.
func (s *sample) all() []int {
	for i := range s.drawn {
		s.drawn[i] = i
	}
	return s.drawn
}

// draw draws as many windows as there are, with replacement.
func (s *sample) draw(rng *rand.Rand) []int {
	for i := range s.drawn {
		s.drawn[i] = rng.IntN(len(s.windows))
	}
	return s.drawn
}

// figures are those of the names, over the windows that were drawn.
func (s *sample) figures(drawn []int) []float64 {
	clear(s.counts)
	var requests, done, failed int64
	for _, i := range drawn {
		w := &s.windows[i]
		done += w.Done
		failed += w.Errors
		for j, b := range w.Response {
			s.counts[s.places[i][j]] += b.Count
			requests += b.Count
		}
	}
	return append(s.percentiles(requests), float64(done)/float64(len(drawn)), 100*float64(failed)/float64(max(1, requests)))
}

func (s *sample) percentiles(requests int64) (all []float64) {
	seen, at := int64(0), 0
	for _, q := range quantiles {
		for ; at < len(s.values) && float64(seen+s.counts[at]) < q*float64(requests); at++ {
			seen += s.counts[at]
		}
		value := 0.0
		if at < len(s.values) {
			value = float64(s.values[at]) / float64(time.Millisecond)
		}
		all = append(all, value)
	}
	return all
}
