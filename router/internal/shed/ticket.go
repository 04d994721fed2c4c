package shed

import "time"

// Outcome is how an admitted request ended.
type Outcome uint8

// Outcomes.
const (
	OK         Outcome = iota // answered; its latency is a measurement
	Overloaded                // the cell said that it is overloaded, or timed out
	Ignored                   // says nothing about the cell's load: the client left, a connection broke
)

// Ticket is a place in the cell. The zero Ticket holds none.
type Ticket struct {
	controller *Controller
	start      int64
	bucket     uint32
}

// Done gives the place back and says how the request went. latency runs from
// admission to the answer's header. Only the first call of Done or Detach
// counts.
func (t *Ticket) Done(outcome Outcome, latency time.Duration) {
	c := t.controller
	if c == nil {
		return
	}
	t.controller = nil
	end := t.start + latency.Nanoseconds()
	c.release(t.bucket, end)
	switch outcome {
	case OK:
		c.sampler.answered(end, latency)
	case Overloaded:
		c.sampler.overloaded(end)
	case Ignored:
		return
	}
	if c.sampler.due(end) {
		c.adjust(end)
	}
}

// Detach gives the place back while the request goes on, for WebSockets, long
// polls and other streams: how long they last says nothing about load.
func (t *Ticket) Detach() {
	c := t.controller
	if c == nil {
		return
	}
	t.controller = nil
	c.release(t.bucket, c.opts.Now().Sub(c.epoch).Nanoseconds())
}
