package shed

type reason int

const (
	byLimit reason = iota // no place, and the tenant has its share, or its part of the queue is full
	byWait                // no place within Options.Wait
	reasons
)

// Stats is what a controller does now.
type Stats struct {
	Limit, InFlight, Queued int
	Queuedlong              uint64
}

// Stats returns the controller's figures.
func (c *Controller) Stats() Stats {
	return Stats{Limit: int(c.limit.Load()), InFlight: int(c.inflight.Load()), Queued: int(c.queued.Load())}
}
