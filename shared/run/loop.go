package run

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Loop calls a runOnce again and again.
type Loop struct {
	Name     string          // in logs
	Interval time.Duration   // pause between runs, ±10 % so that replicas spread out
	Wake     <-chan struct{} // optional: run now
	MaxPause time.Duration   // longest pause after failures; 0: 30 × Interval
	Spread   bool            // the first run waits for a random part of Interval: loops that start together do not crowd
	Log      *slog.Logger
}

// Run calls runOnce until ctx ends, then returns nil. A failed run is logged and
// repeated after a pause that doubles up to MaxPause; a wake-up does not
// shorten that pause, so a broken dependency is not hammered.
func (l Loop) Run(ctx context.Context, runOnce func(context.Context) error) error {
	longest := l.MaxPause
	if longest == 0 {
		longest = 30 * l.Interval
	}
	if l.Spread {
		l.wait(ctx, rand.N(max(l.Interval, 1)), l.Wake)
	}
	pause := l.Interval
	for ctx.Err() == nil {
		err := runOnce(ctx)
		wake := l.Wake
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end was asked for: what it interrupted is no failure
		case err != nil:
			l.Log.WarnContext(ctx, "run failed", "loop", l.Name, "err", err, "again_in", pause)
			wake = nil
		default:
			pause = l.Interval
		}
		l.wait(ctx, pause, wake)
		if err != nil {
			pause = min(2*pause, longest)
		}
	}
	return nil
}

func (l Loop) wait(ctx context.Context, pause time.Duration, wake <-chan struct{}) {
	jitter := time.Duration((rand.Float64() - 0.5) * 0.2 * float64(pause))
	timer := time.NewTimer(pause + jitter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}
