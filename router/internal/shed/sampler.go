package shed

import (
	"sync/atomic"
	"time"
)

const (
	minWindow  = 50 * time.Millisecond
	maxWindow  = 500 * time.Millisecond
	goodSample = 400 // answers after which a window may end early: a mean within about 5 %
	minSample  = 20  // answers without which none ends
	maxSettle  = 2 * time.Second
	clipAt     = 4 // times the last window's mean: a rare report of minutes would drown everything else
)

// sampler collects the measurements of one window.
type sampler struct {
	opens  atomic.Int64 // what ends before is not counted: it began under the last limit
	clip   atomic.Int64 // nanoseconds; 0: none
	count  atomic.Int64
	sum    atomic.Int64 // nanoseconds
	failed atomic.Int64
	_      [24]byte

	began beat // of the window; only whoever takes it uses this
}

func (s *sampler) answered(end, latency int64) {
	if end < s.opens.Load() {
		return
	}
	if clip := s.clip.Load(); clip > 0 {
		latency = min(latency, clip)
	}
	s.sum.Add(latency)
	s.count.Add(1)
}

func (s *sampler) overloaded(end int64) {
	if end >= s.opens.Load() {
		s.failed.Add(1)
	}
}

// due reports whether the window has seen enough.
func (s *sampler) due(end int64) bool {
	age := time.Duration(end - s.opens.Load())
	if age < minWindow {
		return false
	}
	n := s.count.Load() + s.failed.Load()
	return n >= goodSample || age >= maxWindow && n >= minSample
}

// take ends the window. The next one begins when what the last limit let in
// has been answered.
func (s *sampler) take(end int64, now beat) window {
	w := window{answers: s.count.Swap(0), failed: s.failed.Swap(0), end: end, delay: now.delay(s.began)}
	s.began = now
	sum := s.sum.Swap(0)
	if w.answers > 0 {
		w.latency = float64(sum) / float64(w.answers)
	}
	s.clip.Store(int64(clipAt * w.latency))
	s.opens.Store(end + min(int64(w.latency*1.25), int64(maxSettle)))
	return w
}

// adjust ends the window and sets the limit for the next. Whoever finds another
// at it goes on.
func (c *Controller) adjust(end int64) {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	if !c.sampler.due(end) {
		return
	}
	w := c.sampler.take(end, c.opts.Pulse.beat())
	w.peak = c.peak.Swap(c.inflight.Load())
	c.limit.Store(int64(c.next.adjust(w)))
	c.dispatch(end)
}
