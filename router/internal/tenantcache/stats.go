package tenantcache

import "github.com/coditect/platform/shared/directory"

// Stats counts what a cache did since it was made.
type Stats struct {
	Keys                  int
	Hits, Misses, Fetches uint64
}

// Stats returns the counters; it locks every shard for a moment.
func (c *Cache) Stats() Stats {
	st := Stats{Hits: c.hits.Load(), Misses: c.misses.Load(), Fetches: c.fetches.Load()}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		st.Keys += s.lru.Len()
		s.mu.Unlock()
	}
	return st
}

// Each calls fn for every tenant that is known by its id, oldest use first
// within a shard. Fn runs without a lock.
func (c *Cache) Each(fn func(*Entry) error) error {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		entries := s.lru.Values()
		keys := s.lru.Keys()
		s.mu.Unlock()
		for j, e := range entries {
			if keys[j].Kind != directory.ByID || e.Missing {
				continue
			}
			if err := fn(e); err != nil {
				return err
			}
		}
	}
	return nil
}
