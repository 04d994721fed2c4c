package tenantcache

import "github.com/coditect/platform/shared/tenancy"

// Stats counts what a cache did since it was made.
type Stats struct {
	Tenants               int
	Hits, Misses, Fetches uint64
}

// Stats returns the counters; it locks every shard for a moment.
func (c *Cache) Stats() Stats {
	st := Stats{Hits: c.hits.Load(), Misses: c.misses.Load(), Fetches: c.fetches.Load()}
	for i := range c.tenants {
		s := &c.tenants[i]
		s.mu.Lock()
		st.Tenants += s.lru.Len()
		s.mu.Unlock()
	}
	return st
}

// Each calls fn for every tenant, oldest use first within a shard. Fn runs
// without a lock.
func (c *Cache) Each(fn func(*Entry) error) error {
	for i := range c.tenants {
		s := &c.tenants[i]
		s.mu.Lock()
		entries := s.lru.Values()
		s.mu.Unlock()
		for _, e := range entries {
			if err := fn(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Cache) peek(id tenancy.ID) (*Entry, bool) {
	s := c.tenantShard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lru.Peek(id)
}
