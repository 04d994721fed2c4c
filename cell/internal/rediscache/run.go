package rediscache

import (
	"context"
	"time"
)

// Interval is how often [Cache.RunOnce] should run.
const Interval = 100 * time.Millisecond

// probeTimeout bounds what nobody waits for.
const probeTimeout = time.Second

// RunOnce tells Redis what it missed and, while the breaker is open, looks
// whether Redis is back. That it is not is no error.
func (c *Cache) RunOnce(ctx context.Context) error {
	told := c.tellAll(ctx)
	if !c.breaker.isOpen() {
		return nil
	}
	probe, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if c.breaker.probed(told && c.client.Ping(probe).Err() == nil, time.Now()) {
		c.log.InfoContext(ctx, "Redis answers again")
	}
	return nil
}

// tellAll reports whether nothing is untold any more.
func (c *Cache) tellAll(ctx context.Context) bool {
	for _, m := range c.untold.list() {
		tell, cancel := context.WithTimeout(ctx, probeTimeout)
		err := c.after(tell, m)
		cancel()
		if err != nil {
			return false
		}
		c.untold.told(m)
	}
	return true
}
