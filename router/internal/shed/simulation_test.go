package shed_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/shed"
	"github.com/coditect/platform/shared/tenancy"
)

// The simulation: tenants with Poisson arrivals, a controller, and a cell that
// works on Capacity requests at once and queues the rest first come, first
// served. Time is virtual and one seed gives one run.

type event struct {
	at   time.Duration
	what func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// client is one tenant's load and what became of it.
type client struct {
	id       tenancy.ID
	rate     float64 // requests per second
	priority shed.Priority
	from     time.Duration // measured from then on

	answered func() // nil: nothing more to do

	sent, served, refused int
	latencies             []time.Duration
}

func (c *client) quantile(q float64) time.Duration {
	slices.Sort(c.latencies)
	return c.latencies[int(q*float64(len(c.latencies)-1))]
}

// useful counts answers that a client with that much patience still wants.
func (c *client) useful(patience time.Duration) (n int) {
	for _, l := range c.latencies {
		if l <= patience {
			n++
		}
	}
	return n
}

type job struct {
	work time.Duration
	done func()
}

type cell struct {
	capacity int
	service  func(*rand.Rand) time.Duration
	lost     int // of the capacity
	busy     int
	queue    []job
}

type simulation struct {
	now     time.Duration
	start   time.Time
	pending events
	random  *rand.Rand
	control *shed.Controller // nil: everything is admitted
	cell    cell
	clients []*client
	limits  []int         // the limit every 100 ms
	away    time.Duration // the router's process does not run until then
}

func newSimulation(t *testing.T, seed uint64, capacity int, service func(*rand.Rand) time.Duration, opts shed.Options) *simulation {
	t.Helper()
	if raceDetector {
		t.Skip("one goroutine: nothing to detect")
	}
	s := &simulation{start: time.Unix(1e9, 0), random: rand.New(rand.NewPCG(seed, 7))}
	opts.Now, opts.Pulse = s.clock, shed.NewPulse(s.clock)
	s.control = shed.New(opts)
	s.beat(opts.Pulse)
	s.cell = cell{capacity: capacity, service: service}
	return s
}

func (s *simulation) clock() time.Time { return s.start.Add(s.now) }

func (s *simulation) at(t time.Duration, what func()) { heap.Push(&s.pending, event{t, what}) }

func (s *simulation) beat(pulse *shed.Pulse) {
	s.timer(20*time.Millisecond, func() {
		pulse.Beat()
		s.beat(pulse)
	})
}

func (s *simulation) client(rate float64, from time.Duration) *client {
	c := &client{id: s.tenant(), rate: rate, from: from}
	s.clients = append(s.clients, c)
	s.at(s.now+s.gap(c), func() { s.arrive(c) })
	return c
}

func (s *simulation) tenant() (id tenancy.ID) {
	for i := range id {
		id[i] = byte(s.random.Uint32())
	}
	return id
}

func (s *simulation) gap(c *client) time.Duration {
	return time.Duration(s.random.ExpFloat64() / c.rate * 1e9)
}

func (s *simulation) arrive(c *client) {
	s.at(s.now+s.gap(c), func() { s.arrive(c) })
	arrived := s.now
	s.whenAwake(func() { s.offer(c, arrived) })
}

// whenAwake does what the router's process does about a socket, once it runs.
func (s *simulation) whenAwake(what func()) {
	if s.now < s.away {
		s.at(s.away+1, what)
		return
	}
	what()
}

// timer does something later, once the process runs: it looks at its timers
// before it looks at its sockets.
func (s *simulation) timer(after time.Duration, what func()) {
	s.at(s.now+after, func() {
		if s.now < s.away {
			s.at(s.away, what)
			return
		}
		what()
	})
}

// offer is a request in the router.
func (s *simulation) offer(c *client, arrived time.Duration) {
	if arrived >= c.from {
		c.sent++
	}
	if s.control == nil {
		s.serve(c, arrived, &shed.Ticket{})
		return
	}
	t, parked, ok := s.control.Offer(c.id, c.priority, s.clock(), func(t shed.Ticket) { s.serve(c, arrived, &t) })
	switch {
	case !ok:
		s.refuse(c, arrived)
	case parked != nil:
		s.wait(c, arrived, parked, s.control.Wait())
	default:
		s.serve(c, arrived, &t)
	}
}

// wait lets a parked request go when its time is over.
func (s *simulation) wait(c *client, arrived time.Duration, parked *shed.Parked, left time.Duration) {
	s.timer(left, func() {
		if left := s.control.Patience(parked, s.clock()); left > 0 {
			s.wait(c, arrived, parked, left)
		} else if s.control.Leave(parked) {
			s.refuse(c, arrived)
		}
	})
}

func (s *simulation) refuse(c *client, arrived time.Duration) {
	if arrived >= c.from {
		c.refused++
	}
	if c.answered != nil {
		c.answered()
	}
}

// serve is an admitted request in the cell.
func (s *simulation) serve(c *client, arrived time.Duration, t *shed.Ticket) {
	s.enter(job{s.cell.service(s.random), func() { s.whenAwake(func() { s.answered(c, arrived, t) }) }})
}

func (s *simulation) answered(c *client, arrived time.Duration, t *shed.Ticket) {
	if arrived >= c.from {
		c.served++
		c.latencies = append(c.latencies, s.now-arrived)
	}
	t.Done(shed.OK, s.clock())
	if c.answered != nil {
		c.answered()
	}
}

func (s *simulation) enter(j job) {
	if s.cell.busy >= s.cell.capacity-s.cell.lost {
		s.cell.queue = append(s.cell.queue, j)
		return
	}
	s.cell.busy++
	s.at(s.now+j.work, func() {
		s.cell.busy--
		if len(s.cell.queue) > 0 && s.cell.busy < s.cell.capacity-s.cell.lost {
			next := s.cell.queue[0]
			s.cell.queue = s.cell.queue[1:]
			s.enter(next)
		}
		j.done()
	})
}

func (s *simulation) run(until time.Duration) {
	for len(s.pending) > 0 && s.pending[0].at <= until {
		e := heap.Pop(&s.pending).(event)
		for s.now/(100*time.Millisecond) != e.at/(100*time.Millisecond) && s.control != nil {
			s.limits = append(s.limits, s.control.Stats().Limit)
			s.now += 100 * time.Millisecond
		}
		s.now = e.at
		e.what()
	}
	s.now = until
}

// Distributions of the time that a request takes in the cell.

func constant(mean time.Duration) func(*rand.Rand) time.Duration {
	return func(*rand.Rand) time.Duration { return mean }
}

func exponential(mean time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * float64(mean)) }
}

// mixed is mostly short reads and some long reports.
func mixed(mean time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration {
		if r.IntN(20) == 0 {
			return time.Duration(10 * r.ExpFloat64() * float64(mean))
		}
		return time.Duration(r.ExpFloat64() * float64(mean) / 1.9)
	}
}

// lognormal has the long tail of real services.
func lognormal(mean time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration {
		return time.Duration(math.Exp(r.NormFloat64()*0.8-0.32) * float64(mean))
	}
}
