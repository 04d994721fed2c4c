package limiter

import "sync"

// shardCount bounds contention: a shard is locked for well under a microsecond
// a request.
const shardCount = 256

// shard holds part of the keys. Its mutex is never held across a call.
type shard struct {
	mu      sync.Mutex
	entries map[Key]*entry
	queue   *entry // to be reported at the next exchange
	counts  counts
	_       [8]byte // keeps neighbours off this cache line
}

// counts of verdicts.
type counts struct {
	allowed, rate, concurrency, evicted uint64
}

// entry finds the key's, or makes it. The shard is locked.
func (s *shard) entry(k Key, now int64, most int) *entry {
	e := s.entries[k]
	if e == nil {
		if len(s.entries) >= most {
			s.evict()
		}
		e = &entry{key: k}
		e.ownAt, e.reported = now, now
		s.entries[k] = e
	}
	return e
}

// evict makes room: it drops the longest silent of a few entries picked at
// random, which is the longest silent of all nearly enough. Requests in flight
// keep their entry, so a shard full of these grows by as many.
func (s *shard) evict() {
	const picked = 8
	var victim *entry
	seen := 0
	for _, e := range s.entries { // Go begins at a random place
		if seen++; seen > picked && victim != nil {
			break
		}
		if e.evictable() && (victim == nil || e.lastTake < victim.lastTake) {
			victim = e
		}
		if seen >= 8*picked {
			break
		}
	}
	if victim != nil {
		s.drop(victim)
		s.counts.evicted++
	}
}

func (s *shard) drop(e *entry) {
	delete(s.entries, e.key)
	e.gone = true
}

// enqueue has the entry reported at the next exchange.
func (s *shard) enqueue(e *entry) {
	if !e.queued {
		e.queued, e.next = true, s.queue
		s.queue = e
	}
}
