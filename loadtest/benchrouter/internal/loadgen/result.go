package loadgen

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what a run brought.
type Result struct {
	Requests int   // answered in any way
	Errors   int   // answers that were wrong, and connections lost with a request on them
	Refused  int   // answered 503: the other side declined, which is honest but no service
	First    error // the first of either
	Took     time.Duration
	Latency  *hdrhistogram.Histogram // nanoseconds; what was wrong or refused counts as longest
}

const (
	longest   = 10 * time.Second // latency that is told apart
	tolerance = 1000             // one in so many may be refused: a stall of the machine looks like overload
)

func newResult() *Result {
	return &Result{Latency: hdrhistogram.New(1000, int64(longest), 3)}
}

// Rate is the number of requests answered a second.
func (r *Result) Rate() float64 { return float64(r.Requests) / r.Took.Seconds() }

// P is a percentile of the latency.
func (r *Result) P(percentile float64) time.Duration {
	return time.Duration(r.Latency.ValueAtPercentile(percentile))
}

// Err returns an error if a single answer was wrong, or more than a few were
// refused.
func (r *Result) Err() error {
	if r.Errors == 0 && r.Refused*tolerance <= r.Requests {
		return nil
	}
	return fmt.Errorf("of %d answers %d are wrong, %d refused; the first: %w", r.Requests, r.Errors, r.Refused, r.First)
}

// fail counts a request that was not served.
func (r *Result) fail(err error, refused bool) {
	if refused {
		r.Refused++
	} else {
		r.Errors++
	}
	if r.First == nil {
		r.First = err
	}
}
