package rediscache

import (
	"sync/atomic"
	"time"
)

// breakAfter is how many failures in a row open the breaker.
const breakAfter = 5

// settle is how long Redis must have answered before it is used again: in that
// time every process tells it what it missed.
const settle = time.Second

// breaker keeps requests away from a Redis that does not answer.
type breaker struct {
	failures atomic.Int32
	open     atomic.Bool
	healthy  time.Time // since when probes succeed; zero: they do not. Of RunOnce alone
}

func (b *breaker) isOpen() bool { return b.open.Load() }

func (b *breaker) succeeded() {
	if b.failures.Load() != 0 {
		b.failures.Store(0)
	}
}

// failed reports whether this failure opened the breaker.
func (b *breaker) failed() bool {
	return b.failures.Add(1) >= breakAfter && !b.open.Swap(true)
}

// probed reports whether this probe closed the breaker.
func (b *breaker) probed(ok bool, now time.Time) bool {
	switch {
	case !ok:
		b.healthy = time.Time{}
	case b.healthy.IsZero():
		b.healthy = now
	case now.Sub(b.healthy) >= settle:
		b.healthy = time.Time{}
		b.failures.Store(0)
		b.open.Store(false)
		return true
	}
	return false
}
