package jobs

import (
	"time"

	"github.com/coditect/platform/cell"
)

const (
	// ahead is how much work of a queue, in time at the pace at which it gets
	// done, may be out at once: the most that a queue's jobs delay another's.
	ahead = 250 * time.Millisecond
	// largestWindow bounds what one round sends of a queue.
	largestWindow = 1000
)

// windows says how many jobs of each queue may be out at once, at the broker or
// with a worker. That is what keeps tenants fair to each other: behind a tenant
// with a hundred thousand jobs another one's first waits for a window of them.
//
// A window holds what its queue got done in the last quarter of a second. So
// quick jobs flow at full speed, while of slow ones only so many are out that
// all queues together leave half of a worker's slots free. One of which nothing is
// out any more has run dry, so its window was too small, however slow the
// machine: it doubles.
type windows struct {
	slots  int
	queues map[cell.JobQueue]*window
	active int // queues of the last round
	round  int
}

type window struct {
	size  int
	out   int // after the last round
	at    time.Time
	round int // when it was last seen
}

func newWindows(slots int) *windows {
	return &windows{slots: slots, queues: map[cell.JobQueue]*window{}}
}

// begin begins a round.
func (s *windows) begin() { s.round++ }

// end forgets queues that the round did not meet.
func (s *windows) end() {
	for q, w := range s.queues {
		if w.round != s.round {
			delete(s.queues, q)
		}
	}
	s.active = len(s.queues)
}

// smallest is the window of a queue of which nothing is known.
func (s *windows) smallest() int { return max(1, s.slots/2/max(1, s.active)) }

func (s *windows) size(q cell.JobQueue) int {
	if w := s.queues[q]; w != nil {
		return max(w.size, s.smallest())
	}
	return s.smallest()
}

// saw learns from what a round found, and sends, of a queue.
func (s *windows) saw(q cell.JobQueue, share cell.JobShare) {
	now := time.Now()
	w := s.queues[q]
	if w == nil {
		w = &window{size: s.smallest(), at: now, out: share.Out}
		s.queues[q] = w
	}
	if passed := now.Sub(w.at); passed > 0 {
		done := max(0, w.out-share.Out)
		pace := int(float64(done) * float64(ahead) / float64(passed))
		if share.Out == 0 && done > 0 {
			pace = max(pace, 2*w.size)
		}
		w.size = min(max(pace, w.size*3/4, s.smallest()), largestWindow)
	}
	w.out, w.at, w.round = share.Out+len(share.Due), now, s.round
}
