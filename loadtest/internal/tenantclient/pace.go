package tenantclient

import (
	"context"
	"sync"
	"time"
)

// every begins rate requests a second, the n-th with its intended time, and
// counts them as busy. What is under way is finished, whatever becomes of ctx.
func every(ctx context.Context, busy *sync.WaitGroup, rate int, do func(n int, intended time.Time)) {
	if rate == 0 {
		return
	}
	begun := time.Now()
	busy.Go(func() {
		timer := time.NewTimer(0)
		defer timer.Stop()
		for n := 0; ; n++ {
			intended := begun.Add(time.Duration(n) * time.Second / time.Duration(rate))
			timer.Reset(time.Until(intended))
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			busy.Go(func() { do(n, intended) })
		}
	})
}
