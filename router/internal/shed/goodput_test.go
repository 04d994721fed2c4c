package shed_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/shed"
)

const (
	work     = 20 * time.Millisecond // mean time of a request in the simulated cell
	patience = time.Second           // of a client
)

// peak is what a cell of that capacity can answer per second.
func peak(capacity int) float64 { return float64(capacity) / work.Seconds() }

var services = map[string]func(time.Duration) func(*rand.Rand) time.Duration{
	"constant": constant, "exponential": exponential, "mixed": mixed, "lognormal": lognormal,
}

// crowd adds tenants that send load times the peak together.
func (s *simulation) crowd(tenants int, load float64, from time.Duration) (cs []*client) {
	for range tenants {
		cs = append(cs, s.client(load*peak(s.cell.capacity)/float64(tenants), from))
	}
	return cs
}

func goodput(s *simulation, cs []*client, seconds float64) float64 {
	n := 0
	for _, c := range cs {
		n += c.useful(patience)
	}
	return float64(n) / seconds / peak(s.cell.capacity)
}

func TestGoodputAtTripleLoad(t *testing.T) {
	t.Parallel()
	for name, service := range services {
		for _, capacity := range []int{32, 100} {
			t.Run(fmt.Sprint(name, capacity), func(t *testing.T) {
				t.Parallel()
				s := newSimulation(t, 1, capacity, service(work), shed.Options{})
				cs := s.crowd(20, 3, 2*time.Second)
				s.run(22 * time.Second)
				got := goodput(s, cs, 20)
				t.Logf("goodput %.3f of the peak, limit %d", got, s.control.Stats().Limit)
				if got < 0.9 {
					t.Errorf("limits: %v", s.limits)
				}
			})
		}
	}
}

// A router that starts in the middle of an overload has never seen the cell at
// its ease, and finds out.
func TestStartInOverload(t *testing.T) {
	t.Parallel()
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSimulation(t, 9, 32, service(work), shed.Options{})
			s.crowd(20, 3, 0)
			s.run(15 * time.Second)
			sum := 0
			for _, limit := range s.limits[100:] {
				sum += limit
			}
			if mean := sum / len(s.limits[100:]); mean < 28 || mean > 40 {
				t.Errorf("limit %d for a capacity of 32; %v", mean, s.limits)
			}
		})
	}
}

// The same load without a controller: what the tests above protect against.
func TestNoControlCollapses(t *testing.T) {
	t.Parallel()
	s := newSimulation(t, 1, 32, exponential(work), shed.Options{})
	s.control = nil
	cs := s.crowd(20, 3, 2*time.Second)
	s.run(12 * time.Second)
	if got := goodput(s, cs, 10); got > 0.2 {
		t.Errorf("goodput %.3f: the simulated cell does not suffer from overload", got)
	}
}

// While the cell has room nothing is refused, whatever the requests are like.
func TestNothingIsShedBelowCapacity(t *testing.T) {
	t.Parallel()
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSimulation(t, 3, 50, service(work), shed.Options{})
			cs := s.crowd(10, 0.7, 0)
			s.run(40 * time.Second)
			for _, c := range cs {
				if c.refused > 0 {
					t.Errorf("%d of %d refused; limits %v", c.refused, c.sent, s.limits)
				}
			}
		})
	}
}

// When requests take three times as long for a while, through no fault of
// their number, the limit does not collapse, and it comes back.
func TestLatencyStep(t *testing.T) {
	t.Parallel()
	slow := 1.0
	service := func(r *rand.Rand) time.Duration { return time.Duration(slow * r.ExpFloat64() * float64(work)) }
	s := newSimulation(t, 4, 100, service, shed.Options{})
	before := s.crowd(20, 1.5, 2*time.Second)
	s.run(10 * time.Second)
	served := func() (n int) {
		for _, c := range before {
			n += c.served
		}
		return n
	}
	rate := func(from, to time.Duration) float64 {
		s.run(from)
		n := served()
		s.run(to)
		return float64(served()-n) / (to - from).Seconds() / peak(100)
	}
	slow = 3
	if got := rate(12*time.Second, 20*time.Second); got < 0.9/3 {
		t.Errorf("goodput %.3f of the peak while everything takes three times as long; limits %v", got, s.limits)
	}
	slow = 1
	if got := rate(22*time.Second, 30*time.Second); got < 0.9 {
		t.Errorf("goodput %.3f after that; limits %v", got, s.limits)
	}
}

// When the cell loses three quarters of its capacity the limit follows, so
// that what is admitted is answered in time.
func TestCapacityStep(t *testing.T) {
	t.Parallel()
	s := newSimulation(t, 5, 100, exponential(work), shed.Options{})
	cs := s.crowd(20, 1.5, 12*time.Second)
	s.run(10 * time.Second)
	s.cell.lost = 75
	s.run(22 * time.Second)
	if limit := s.control.Stats().Limit; limit < 23 || limit > 38 {
		t.Errorf("limit %d for a capacity of 25; %v", limit, s.limits)
	}
	if got := goodput(s, cs, 10); got < 0.9*0.25 {
		t.Errorf("goodput %.3f of the former peak", got)
	}
	if p99 := cs[0].quantile(.99); p99 > 6*work+s.control.Wait() {
		t.Errorf("p99 %s", p99)
	}
}

// What the cell itself calls overload lowers the limit before any latency does.
func TestOverloadAnswers(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	c := shed.New(shed.Options{Now: func() time.Time { return now }})
	id := newTenant()
	for range 1000 {
		now = now.Add(time.Millisecond)
		ticket, ok := c.Acquire(id, shed.Normal, now)
		if !ok {
			t.Fatal("refused")
		}
		ticket.Done(shed.Overloaded, now.Add(time.Millisecond))
	}
	if limit := c.Stats().Limit; limit > 256*8/10 {
		t.Errorf("limit %d", limit)
	}
}
