package shed

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	beatEvery = 20 * time.Millisecond
	// onTime is how late a timer may be on a machine at its ease: the runtime waits
	// in whole milliseconds.
	onTime = time.Millisecond
)

// Pulse measures how long this process did not get to run when it should have:
// it sets itself a timer and looks how late that is. One serves all controllers
// of a process. It is safe for concurrent use, and nil is one that never misses
// a beat.
type Pulse struct {
	now   func() time.Time
	epoch time.Time
	last  atomic.Int64 // beat; nanoseconds since epoch
	lost  atomic.Int64 // nanoseconds before that
	beats atomic.Int64
}

// NewPulse returns a pulse that begins to beat with Run; a nil clock is the wall's.
func NewPulse(now func() time.Time) *Pulse {
	if now == nil {
		now = time.Now
	}
	return &Pulse{now: now, epoch: now()}
}

// Run beats until ctx ends.
func (p *Pulse) Run(ctx context.Context) error {
	timer := time.NewTimer(beatEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			p.Beat()
			timer.Reset(beatEvery)
		}
	}
}

// Beat is what is due every 20 ms.
func (p *Pulse) Beat() {
	at := p.now().Sub(p.epoch).Nanoseconds()
	p.lost.Store(p.lostUntil(at))
	p.last.Store(at)
	p.beats.Add(1)
}

// lostUntil is the time in which the process did not run, in nanoseconds since
// the pulse began. A beat that is overdue counts already: what follows a stall
// is not to depend on whose turn comes first.
func (p *Pulse) lostUntil(at int64) int64 {
	if p == nil {
		return 0
	}
	return p.lost.Load() + max(0, at-p.last.Load()-int64(beatEvery+onTime))
}

// beat is a pulse's state at one time.
type beat struct{ lost, beats int64 }

func (p *Pulse) beat() beat {
	if p == nil {
		return beat{}
	}
	return beat{p.lost.Load(), p.beats.Load()}
}

// delay is how late the process was on average since an earlier beat,
// nanoseconds.
func (b beat) delay(since beat) float64 {
	return float64(b.lost-since.lost) / float64(max(1, b.beats-since.beats))
}
