package limiter

import "time"

// Reason says which limit refused a request.
type Reason uint8

// The reasons.
const (
	None        Reason = iota // the request was admitted
	Rate                      // too many requests a second
	Concurrency               // too many requests in flight in this router
)

// String is the reason's label in metrics and logs.
func (r Reason) String() string {
	switch r {
	case Rate:
		return "rate"
	case Concurrency:
		return "concurrency"
	default:
		return "none"
	}
}

// Verdict is what became of one request.
type Verdict struct {
	OK     bool
	Reason Reason
	// Limit is the most requests that may come at once; 0: the rate is not limited.
	Limit int
	// Remaining is how many more this router would admit right now.
	Remaining int
	// Reset is when Remaining is Limit again, if nothing comes until then.
	Reset time.Duration
	// RetryAfter is when a refused request may succeed; 0 if it was admitted.
	RetryAfter time.Duration
}

// retryConcurrency is what a client is told to wait for a slot: nobody knows
// when the requests in flight end.
const retryConcurrency = time.Second

// verdict describes an account after a request of now.
func (a *account) verdict(now int64, t *timing, ok bool) Verdict {
	room := a.room(now, t)
	v := Verdict{OK: ok, Limit: int(a.burst), Remaining: int(max(0, min(room, a.burst)))}
	v.Reset = duration(max(0, a.burst-room)/a.rate, a.longest())
	if !ok {
		v.Reason = Rate
		v.RetryAfter = max(time.Millisecond, duration((1-room)/(a.rate*a.portion()), a.longest()))
	}
	return v
}

// longest bounds what clients are told to wait: an empty bucket's refill.
func (a *account) longest() time.Duration {
	return max(time.Second, duration(a.burst/a.rate, 24*time.Hour))
}

func duration(seconds float64, most time.Duration) time.Duration {
	if seconds >= most.Seconds() {
		return most
	}
	return time.Duration(seconds * float64(time.Second))
}
