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
	values, ratios := [2][]float64{figures(a), figures(b)}, make([][]float64, len(names))
	for range resamples {
		x, y := figures(draw(a, rng)), figures(draw(b, rng))
		for i := range names {
			ratios[i] = append(ratios[i], ratio(x[i], y[i]))
		}
	}
	var all []Difference
	for i, name := range names {
		slices.Sort(ratios[i])
		d := Difference{
			Name: name, A: values[0][i], B: values[1][i], Ratio: ratio(values[0][i], values[1][i]),
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

func draw(all []Window, rng *rand.Rand) []Window {
	drawn := make([]Window, len(all))
	for i := range drawn {
		drawn[i] = all[rng.IntN(len(all))]
	}
	return drawn
}

var (
	names     = []string{"p50 (ms)", "p95 (ms)", "p99 (ms)", "answers a window", "errors (%)"}
	quantiles = []float64{0.50, 0.95, 0.99}
)

// figures are those of the names.
func figures(windows []Window) []float64 {
	counts := map[time.Duration]int64{}
	var requests, done, failed int64
	for _, w := range windows {
		done += w.Done
		failed += w.Errors
		for _, b := range w.Response {
			counts[b.Value] += b.Count
			requests += b.Count
		}
	}
	all := percentiles(counts, requests)
	return append(all, float64(done)/float64(len(windows)), 100*float64(failed)/float64(max(1, requests)))
}

func percentiles(counts map[time.Duration]int64, requests int64) (all []float64) {
	values := make([]time.Duration, 0, len(counts))
	for v := range counts {
		values = append(values, v)
	}
	slices.Sort(values)
	seen, at := int64(0), 0
	for _, q := range quantiles {
		for ; at < len(values) && float64(seen+counts[values[at]]) < q*float64(requests); at++ {
			seen += counts[values[at]]
		}
		value := 0.0
		if at < len(values) {
			value = float64(values[at]) / float64(time.Millisecond)
		}
		all = append(all, value)
	}
	return all
}
