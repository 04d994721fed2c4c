package rediscache

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Options says how a cache works. Client and Log are required.
type Options struct {
	Client   redis.UniversalClient // see Connect; the caller closes it
	Log      *slog.Logger
	Registry prometheus.Registerer // nil: no metrics
	Timeout  time.Duration         // of what a read waits for; 0: 50 ms
}

const defaultTimeout = 50 * time.Millisecond

// Cache remembers answers in one Redis. It is safe for concurrent use.
type Cache struct {
	client  redis.UniversalClient
	log     *slog.Logger
	timeout time.Duration
	metrics *metrics
	breaker breaker
	untold  untold
}

// New returns a cache. Without [Cache.RunOnce] it never comes back once Redis
// was away.
func New(opts Options) *Cache {
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	return &Cache{client: opts.Client, log: opts.Log, timeout: opts.Timeout, metrics: newMetrics(opts.Registry)}
}

// patience is how many times as long as a read a write waits: what it cannot
// tell, others do not know for a while.
const patience = 5

// try runs what a request waits for. It reports false if Redis is away, or has
// not answered in time.
func (c *Cache) try(ctx context.Context, timeout time.Duration, what func(context.Context) error) bool {
	if c.breaker.isOpen() {
		return false
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := what(limited)
	switch {
	case err == nil:
		c.breaker.succeeded()
	case ctx.Err() != nil: // the request is over; that says nothing about Redis
	default:
		if c.breaker.failed() {
			c.log.WarnContext(ctx, "Redis does not answer; requests go to the database", "err", err)
		}
	}
	return err == nil
}
