package limiter

import (
	"cmp"
	"slices"
	"time"
)

// sweepTime is how long a round through all shards takes: it finds what is to
// be reported although nothing is short, and drops idle keys.
const sweepTime = 2 * time.Second

// syncer is the state of the one goroutine that exchanges.
type syncer struct {
	stripe     int // shards swept an interval
	next       int // the shard to sweep next
	candidates []candidate
	reports    []report
	replies    []reply
	sentAt     int64
	random     func() float64 // 0 to 1: view.dither
	failing    bool           // the last exchange failed, and the log says so
}

// candidate is an entry that has something to report.
type candidate struct {
	s        *shard
	e        *entry
	attempts float64
}

func stripe(interval time.Duration) int {
	return max(1, min(shardCount, int((shardCount*interval+sweepTime-1)/sweepTime)))
}

// collect makes the reports of one exchange: the busiest keys, if there are too
// many; the others stay queued.
func (l *Limiter) collect(now int64) []report {
	y := &l.syncer
	y.candidates, y.reports, y.sentAt = y.candidates[:0], y.reports[:0], now
	l.sweepNext(now)
	for i := range l.shards {
		y.dequeue(&l.shards[i])
	}
	if len(y.candidates) > reportsAtOnce {
		slices.SortFunc(y.candidates, func(a, b candidate) int { return cmp.Compare(b.attempts, a.attempts) })
		for _, c := range y.candidates[reportsAtOnce:] {
			c.s.mu.Lock()
			c.s.enqueue(c.e)
			c.s.mu.Unlock()
		}
		clear(y.candidates[reportsAtOnce:])
		y.candidates = y.candidates[:reportsAtOnce]
	}
	for _, c := range y.candidates {
		c.s.mu.Lock()
		y.reports = append(y.reports, c.e.report(c.e.key, now, &l.timing))
		c.s.mu.Unlock()
	}
	return y.reports
}

// dequeue empties a shard's queue into the candidates.
func (y *syncer) dequeue(s *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.queue != nil {
		e := s.queue
		s.queue, e.next, e.queued = e.next, nil, false
		if !e.gone {
			y.candidates = append(y.candidates, candidate{s, e, e.attempts})
		}
	}
}

// sweepNext sweeps as many shards as are due in one interval.
func (l *Limiter) sweepNext(now int64) {
	y := &l.syncer
	for range y.stripe {
		l.sweep(&l.shards[y.next], now)
		y.next = (y.next + 1) % shardCount
	}
}

func (l *Limiter) sweep(s *shard, now int64) {
	connected, routers := l.ledger != nil && !l.lost(now), int(l.routers.Load())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		switch {
		case e.idle(now):
			s.drop(e)
		case !connected || e.attempts == 0 || e.queued:
		case e.negligible(now, routers):
			e.forget(now, &l.timing)
		default:
			s.enqueue(e)
		}
	}
}
