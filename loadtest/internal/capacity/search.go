package capacity

import (
	"context"
	"errors"
	"fmt"
)

// Trial is one rate and how it went.
type Trial struct {
	Rate     float64 `json:"rate"` // requests a second, asked for
	Got      float64 `json:"got"`  // answered as expected
	P99      float64 `json:"p99"`  // milliseconds, as the others
	Tenant   float64 `json:"tenant_p99"`
	Errors   float64 `json:"errors"`    // share, 0 to 1
	QueueAge float64 `json:"queue_age"` // seconds that the oldest job waited
	Missed   string  `json:"missed"`    // the first objective that was not met; empty: none
	Soak     bool    `json:"soak"`
}

// Objectives are what a rate must meet.
type Objectives struct {
	P99, TenantP99 float64 // milliseconds
	Errors         float64 // share, 0 to 1
	QueueAge       float64 // seconds
}

// arrived is the share of requests that must have been answered: what is below is
// a queue that grows.
const arrived = 0.97

// Missed names the first objective that a trial does not meet.
func (o Objectives) Missed(t *Trial) string {
	switch {
	case t.Errors > o.Errors:
		return fmt.Sprintf("errors %.3g %% > %.3g %%", 100*t.Errors, 100*o.Errors)
	case t.P99 > o.P99:
		return fmt.Sprintf("p99 %.0f ms > %.0f ms", t.P99, o.P99)
	case t.Tenant > o.TenantP99:
		return fmt.Sprintf("a tenant's p99 %.0f ms > %.0f ms", t.Tenant, o.TenantP99)
	case t.QueueAge > o.QueueAge:
		return fmt.Sprintf("a job waited %.1f s > %.1f s", t.QueueAge, o.QueueAge)
	case t.Got < arrived*t.Rate:
		return fmt.Sprintf("%.0f/s answered of %.0f/s", t.Got, t.Rate)
	}
	return ""
}

// Search is a search for the highest rate.
type Search struct {
	Start      float64 // the first rate
	Most       float64 // no rate above it is tried
	Resolution float64 // the share of the rate within which the result lies, such as 0.05
	Try        func(ctx context.Context, rate float64, soak bool) (Trial, error)
	Objectives Objectives
	Said       func(Trial) // every trial, as it ends
}

// Result is what a search found.
type Result struct {
	Rate   float64 // the highest that met every objective; its soak is at 90 %
	Soak   Trial
	Limit  string // what was missed just above it
	Open   bool   // nothing was missed up to Most
	Trials []Trial
}

// ErrNone says that no rate meets the objectives.
var ErrNone = errors.New("capacity: even the lowest rate misses an objective")

const (
	soakShare = 0.9
	smallest  = 1 // a second
	soaks     = 4 // attempts, each from the third on with a tenth less
)

// Run searches.
func (s *Search) Run(ctx context.Context) (*Result, error) {
	r := &Result{}
	low, high, err := s.bracket(ctx, r)
	if err != nil {
		return r, err
	}
	for !r.Open && high > low*(1+s.Resolution) {
		ok, err := s.meets(ctx, r, (low+high)/2)
		if err != nil {
			return r, err
		}
		if ok {
			low = (low + high) / 2
		} else {
			high = (low + high) / 2
		}
	}
	for i := range soaks {
		t, err := s.trial(ctx, r, soakShare*low, true)
		if err != nil {
			return r, err
		}
		if t.Missed == "" {
			r.Rate, r.Soak = low, t
			return r, nil
		}
		r.Limit, r.Open = t.Missed, false
		if i > 0 { // the first failure may be chance
			low *= soakShare
		}
	}
	return r, fmt.Errorf("%w: no soak passed: %s", ErrNone, r.Limit)
}

// bracket finds a rate that passes and one, twice that, that does not.
func (s *Search) bracket(ctx context.Context, r *Result) (low, high float64, err error) {
	for rate := s.Start; ; {
		ok, err := s.meets(ctx, r, rate)
		switch {
		case err != nil:
			return 0, 0, err
		case !ok && low > 0:
			return low, rate, nil
		case !ok && rate/2 < smallest:
			return 0, 0, fmt.Errorf("%w: %s at %.1f/s", ErrNone, r.Limit, rate)
		case !ok:
			high, rate = rate, rate/2
			continue
		}
		low = rate
		if high > 0 {
			return low, high, nil
		}
		if rate >= s.Most {
			r.Open = true
			return low, low, nil
		}
		rate = min(2*rate, s.Most)
	}
}

// meets tries a rate, and once more if it fails.
func (s *Search) meets(ctx context.Context, r *Result, rate float64) (bool, error) {
	const attempts = 2
	for range attempts {
		t, err := s.trial(ctx, r, rate, false)
		if err != nil {
			return false, err
		}
		if t.Missed == "" {
			return true, nil
		}
		r.Limit = t.Missed
	}
	return false, nil
}

func (s *Search) trial(ctx context.Context, r *Result, rate float64, soak bool) (Trial, error) {
	t, err := s.Try(ctx, rate, soak)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return t, err
	}
	t.Rate, t.Soak = rate, soak
	if t.Missed == "" {
		t.Missed = s.Objectives.Missed(&t)
	}
	r.Trials = append(r.Trials, t)
	s.Said(t)
	return t, nil
}
