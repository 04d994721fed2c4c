package generate

import (
	"context"
	"sync"
	"time"
)

// tick is how soon a user who does nothing notices that a phase has begun.
const tick = 20 * time.Millisecond

// closed lets users send one request after the other. The n-th user is there
// while the phase has more than n.
func (j *Job) closed(ctx context.Context) error {
	most := 0.0
	for _, p := range j.Scenario.Phases {
		most = max(most, p.From, p.To)
	}
	var users sync.WaitGroup
	for n := j.Share.Index; float64(n) < most; n += j.Share.Of {
		users.Go(func() { j.user(ctx, n) })
	}
	users.Wait()
	return nil
}

func (j *Job) user(ctx context.Context, n int) {
	s := j.newSender(ctx)
	defer s.close()
	own := *j
	own.Share.Index = j.Share.Of + n // random numbers of the user's own
	tenant, step := own.choice(), own.chance()
	for ctx.Err() == nil {
		now := time.Since(j.Begin)
		phase, there, over := j.present(now, n)
		if over {
			return
		}
		if !there {
			pause(ctx, max(tick, -now))
			continue
		}
		done := s.send(ctx, order{at: now, phase: phase, step: step(), rank: tenant()}, now)
		if think := j.Scenario.Load.Think; think > 0 {
			pause(ctx, time.Until(j.Begin.Add(done+think)))
		}
	}
}

// present reports which phase it is, and whether the n-th user is there.
func (j *Job) present(now time.Duration, n int) (phase int, there, over bool) {
	begun := time.Duration(0)
	for i, p := range j.Scenario.Phases {
		if now < begun+p.For {
			share := float64(now-begun) / float64(p.For)
			return i, now >= 0 && float64(n) < p.From+(p.To-p.From)*share, false
		}
		begun += p.For
	}
	return 0, false, true
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
