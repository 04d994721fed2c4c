package limiter

import (
	"context"
	"fmt"
	"time"

	"github.com/coditect/platform/shared/run"
)

// patience is how many intervals an exchange may take.
const patience = 5

// Run exchanges with Redis until ctx ends, then returns nil. Without Redis it
// only forgets idle keys.
func (l *Limiter) Run(ctx context.Context) error {
	loop := run.Loop{Name: "limiter", Interval: l.opts.SyncInterval, Log: l.opts.Log}
	return loop.Run(ctx, func(ctx context.Context) error {
		l.noteState(ctx, l.runOnce(ctx))
		// A failure is no reason to pause: routers that come back together
		// agree at once, and a dead Redis does not mind ten attempts a second.
		return nil
	})
}

func (l *Limiter) runOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience*l.opts.SyncInterval)
	defer cancel()
	if l.ledger == nil {
		l.sweepNext(l.clock(l.opts.Now()))
		return nil
	}
	if l.lost(l.clock(l.opts.Now())) {
		// What is sent into the dark is lost: knock first.
		if err := l.exchange(ctx, nil); err != nil {
			l.sweepNext(l.clock(l.opts.Now()))
			return err
		}
	}
	return l.exchange(ctx, l.collect(l.clock(l.opts.Now())))
}

// noteState logs when exchanges begin to fail, and when they succeed again.
func (l *Limiter) noteState(ctx context.Context, err error) {
	y := &l.syncer
	switch {
	case ctx.Err() != nil:
	case err != nil && !y.failing:
		l.opts.Log.WarnContext(ctx, "limits are not shared with other routers: each keeps its share", "err", err)
		y.failing = true
	case err == nil && y.failing:
		l.opts.Log.InfoContext(ctx, "limits are shared again")
		y.failing = false
	}
}

// exchange hands in reports, and learns from the replies.
func (l *Limiter) exchange(ctx context.Context, reports []report) error {
	y := &l.syncer
	y.replies = append(y.replies[:0], make([]reply, len(reports))...)
	began := time.Now()
	routers, err := l.ledger.Exchange(ctx, reports, y.replies)
	l.metrics.exchanged(time.Since(began), len(reports), err)
	l.apply(len(reports))
	if err != nil {
		return fmt.Errorf("exchange rate limits with Redis: %w", err)
	}
	l.connected(l.clock(l.opts.Now()), routers)
	return nil
}

func (l *Limiter) connected(now int64, routers int) {
	l.lastOK.Store(now)
	l.routers.Store(int64(max(1, routers)))
}

// apply brings the replies to the accounts that reported.
func (l *Limiter) apply(reports int) {
	y := &l.syncer
	for i := range reports {
		c := y.candidates[i]
		if !y.replies[i].answered {
			continue
		}
		c.s.mu.Lock()
		c.e.learn(y.replies[i], y.sentAt, &l.timing, y.random())
		if c.e.followed(y.sentAt, &l.timing) {
			c.s.enqueue(c.e)
		}
		c.s.mu.Unlock()
	}
}
