package tenantcache

// Stats counts what a cache holds, and what it did since it was made.
type Stats struct {
	Tenants       int
	Bytes         int64 // that the tenants take, as reckoned
	Missing       int   // keys known to lead nowhere
	InFlight      int   // keys being asked for
	Hits, Misses  uint64
	Fetches       uint64 // questions to the directory
	Refused       uint64 // fetches that were one too many
	Revalidations int    // under way
}

// Stats returns the counters.
func (c *Cache) Stats() Stats {
	st := Stats{
		Missing: int(c.missing.count.Load()), InFlight: int(c.inFlight.Load()), Fetches: c.fetches.Load(),
		Refused: c.refused.Load(), Revalidations: int(c.revalidating.Load()),
	}
	st.Tenants, st.Bytes = c.tenants.size()
	for i := range c.counters {
		st.Hits += c.counters[i].hits.Load()
		st.Misses += c.counters[i].misses.Load()
	}
	return st
}

// Each calls fn for every tenant; in LRU mode, those least recently used come
// first within a shard. Fn runs without a lock, and must not keep the slice.
func (c *Cache) Each(fn func([]Entry) error) error { return c.tenants.each(fn) }
