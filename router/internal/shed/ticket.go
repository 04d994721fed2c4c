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
	lost       int64 // by the process, until then
	bucket     uint32
}

// Done gives the place back and says how the request went, and when the answer's
// header had come. Only the first call of Done or Detach counts.
func (t *Ticket) Done(outcome Outcome, answered time.Time) {
	c := t.controller
	if c == nil {
		return
	}
	t.controller = nil
	end := c.since(answered)
	c.release(t.bucket, end)
	switch outcome {
	case OK:
		// In the time that this process lost the answer may have been waiting for it.
		c.sampler.answered(end, max(0, end-t.start-(c.lost(end)-t.lost)))
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
	c.release(t.bucket, c.since(c.opts.Now()))
}
