package loadgen

import (
	"context"
	"time"
)

// Open sends opts.Count requests at a constant rate a second. A request for which
// no connection is free waits, and its waiting counts.
func Open(ctx context.Context, opts Options, rate float64) (*Result, error) {
	return start(opts, func(g *generator) error {
		free := make([]*conn, len(g.live))
		copy(free, g.live)
		begin, next := time.Now(), 0
		due := func() time.Time { return begin.Add(time.Duration(float64(next) / rate * float64(time.Second))) }
		sendDue := func() time.Duration {
			for next < opts.Count {
				at := due()
				if wait := time.Until(at); wait > 0 {
					return min(wait, tick)
				}
				if len(free) == 0 {
					break
				}
				c := free[0]
				free = free[1:]
				next++
				g.send(c, opts.From+next-1, at)
			}
			return tick
		}
		g.freed = func(c *conn) { free = append(free, c) }
		return g.drive(ctx, sendDue)
	})
}
