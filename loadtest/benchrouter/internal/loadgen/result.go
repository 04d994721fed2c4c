package loadgen

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what a run brought.
type Result struct {
	Requests int // answered, rightly or wrongly
	Errors   int // answers that were wrong, and connections lost with a request on them
	First    error
	Took     time.Duration
	Latency  *hdrhistogram.Histogram // nanoseconds
}

func newResult() *Result {
	return &Result{Latency: hdrhistogram.New(1000, int64(10*time.Second), 3)}
}

// Rate is the number of requests answered a second.
func (r *Result) Rate() float64 { return float64(r.Requests) / r.Took.Seconds() }

// P is a percentile of the latency.
func (r *Result) P(percentile float64) time.Duration {
	return time.Duration(r.Latency.ValueAtPercentile(percentile))
}

// Err returns an error if a single answer was wrong.
func (r *Result) Err() error {
	if r.Errors == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d answers are wrong; the first: %w", r.Errors, r.Requests, r.First)
}

func (r *Result) fail(err error) {
	r.Errors++
	if r.First == nil {
		r.First = err
	}
}
