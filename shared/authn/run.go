package authn

import (
	"context"
	"math/rand/v2"
	"time"
)

// firstRetry is the pause after a first failed fetch; it doubles up to MinRefetch.
const firstRetry = 250 * time.Millisecond

// Run fetches the issuer's keys until ctx ends, then returns nil: at once, every
// MaxAge, and when a request asked for it. After a failure it tries again soon,
// and the last good keys stay.
func (v *Verifier) Run(ctx context.Context) error {
	v.keys.setRunning(true)
	defer v.keys.end() // whoever still waits gets an answer
	defer v.keys.setRunning(false)
	retry := firstRetry
	for ctx.Err() == nil {
		pause := v.opts.MaxAge
		if err := v.fetchOnce(ctx); err != nil {
			pause, retry = min(retry, v.opts.MinRefetch), min(2*retry, v.opts.MinRefetch)
			if ctx.Err() == nil {
				v.opts.Log.WarnContext(ctx, "issuer's keys not refreshed", "err", err, "again_in", pause)
			}
		} else {
			retry = firstRetry
		}
		v.keys.idle(ctx, pause)
	}
	return nil
}

func (v *Verifier) fetchOnce(ctx context.Context) error {
	v.keys.begin(v.opts.Now())
	defer v.keys.end()
	err := v.keys.fetch(ctx)
	v.metrics.fetched(err, v.opts.Now())
	return err
}

// idle waits for the pause, ±10 % so that routers spread out, or until
// somebody asks for a fetch.
func (k *issuerKeys) idle(ctx context.Context, pause time.Duration) {
	jitter := time.Duration((rand.Float64() - 0.5) * 0.2 * float64(pause))
	timer := time.NewTimer(pause + jitter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-k.wake:
	}
}
