package jobs

import (
	"math/rand/v2"
	"time"
)

// Backoff says how long to wait before a job is tried again.
type Backoff struct{ First, Longest time.Duration }

// Pause returns the wait after the given number of attempts: it doubles from
// First to Longest, give or take 20 %, so that jobs that failed together do
// not come back together.
func (b Backoff) Pause(attempts int) time.Duration {
	pause := b.First
	for i := 1; i < attempts && pause < b.Longest; i++ {
		pause *= 2
	}
	pause = min(pause, b.Longest)
	return time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64()))
}
