package run_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/shared/run"
)

func TestStackUnwindsInReverseAndOnce(t *testing.T) {
	t.Parallel()
	var s run.Stack
	var order []string
	boom := errors.New("boom")
	s.PushClose("first", func() { order = append(order, "first") })
	s.Push("second", func(context.Context) error { order = append(order, "second"); return boom })
	if err := s.Unwind(t.Context()); !errors.Is(err, boom) {
		t.Errorf("error: %v", err)
	}
	if err := s.Unwind(t.Context()); err != nil || !slices.Equal(order, []string{"second", "first"}) {
		t.Errorf("order %v, second call %v", order, err)
	}
}

func TestLoopBacksOffAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		start := time.Now()
		var at []time.Duration
		loop := run.Loop{Name: "test", Interval: time.Second, MaxPause: 4 * time.Second, Log: slog.New(slog.DiscardHandler)}
		_ = loop.Run(ctx, func(context.Context) error {
			at = append(at, time.Since(start).Round(time.Second))
			switch {
			case len(at) <= 4:
				return errors.New("down")
			case len(at) == 7:
				cancel()
			}
			return nil
		})
		want := []time.Duration{0, 1, 3, 7, 11, 12, 13}
		for i := range want {
			want[i] *= time.Second
			if d := at[i] - want[i]; d < -2*time.Second || d > 2*time.Second {
				t.Errorf("runs at %v, want about %v", at, want)
			}
		}
	})
}

func TestLoopsThatStartTogetherSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, first := time.Now(), make([]time.Duration, 50)
		var group sync.WaitGroup
		for i := range first {
			group.Go(func() {
				ctx, stop := context.WithCancel(t.Context())
				l := run.Loop{Name: "upkeep", Interval: time.Minute, Spread: true, Log: slog.New(slog.DiscardHandler)}
				if err := l.Run(ctx, func(context.Context) error { first[i] = time.Since(start); stop(); return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if soonest, latest := slices.Min(first), slices.Max(first); soonest > 30*time.Second || latest < 30*time.Second || latest > 70*time.Second {
			t.Errorf("between %s and %s", soonest, latest)
		}
	})
}
