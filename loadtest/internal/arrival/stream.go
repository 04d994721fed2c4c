package arrival

import (
	"math"
	"math/rand/v2"
	"time"
)

// Phase is a time with a linearly changing rate a second.
type Phase struct {
	For      time.Duration
	From, To float64
}

// due is how many requests a phase has had after t.
func (p Phase) due(t time.Duration) float64 {
	x := t.Seconds()
	return p.From*x + (p.To-p.From)*x*x/(2*p.For.Seconds())
}

// when is the time in a phase at which n requests are due.
func (p Phase) when(n float64) time.Duration {
	a, b := (p.To-p.From)/(2*p.For.Seconds()), p.From
	// The root that is right for rising, level and falling rates, without
	// cancellation when a is tiny.
	x := 2 * n / (b + math.Sqrt(max(0, b*b+4*a*n)))
	return time.Duration(x * float64(time.Second))
}

// Share is one process's part of the run.
type Share struct{ Index, Of int }

// Whole is everything.
var Whole = Share{Of: 1}

// Stream yields one process's arrivals in order.
type Stream struct {
	phases  []Phase
	share   Share
	poisson *rand.Rand // nil: evenly spaced

	phase int
	begun time.Duration // when the phase began
	due   float64       // of the phase's requests, in the unit of the whole run, until the last arrival
	total float64       // of the phase
	first bool
}

// NewStream makes a stream; with poisson nil arrivals are evenly spaced.
func NewStream(phases []Phase, share Share, poisson *rand.Rand) *Stream {
	s := &Stream{phases: phases, share: share, poisson: poisson}
	s.enter()
	return s
}

func (s *Stream) enter() {
	s.due, s.first = 0, true
	if s.phase < len(s.phases) {
		s.total = s.phases[s.phase].due(s.phases[s.phase].For)
	}
}

// Next returns the next arrival's time from the run's beginning, and its phase.
func (s *Stream) Next() (at time.Duration, phase int, ok bool) {
	for s.phase < len(s.phases) {
		s.due += s.step()
		s.first = false
		if s.due < s.total {
			return s.begun + s.phases[s.phase].when(s.due), s.phase, true
		}
		s.begun += s.phases[s.phase].For
		s.phase++
		s.enter()
	}
	return 0, 0, false
}

// step is how many of the whole run's requests lie before this share's next.
func (s *Stream) step() float64 {
	n := float64(s.share.Of)
	switch {
	case s.poisson != nil:
		return s.poisson.ExpFloat64() * n
	case s.first:
		const middle = 0.5 // of its place, so that no phase begins with two at once
		return float64(s.share.Index) + middle
	}
	return n
}
