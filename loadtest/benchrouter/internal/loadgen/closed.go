package loadgen

import (
	"context"
	"time"
)

// tick is how often the end of the context is noticed.
const tick = 100 * time.Millisecond

// Closed sends opts.Count requests, one at a time on each connection.
func Closed(ctx context.Context, opts Options) (*Result, error) {
	return start(opts, func(g *generator) error {
		next := 0
		g.freed = func(c *conn) {
			if next < opts.Count {
				next++
				g.send(c, opts.From+next-1, time.Now())
			}
		}
		for _, c := range g.live {
			g.freed(c)
		}
		return g.drive(ctx, func() time.Duration { return tick })
	})
}
