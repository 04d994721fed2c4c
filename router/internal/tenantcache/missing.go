package tenantcache

import "github.com/coditect/platform/shared/directory"

// PutMissing notes that at version no tenant had the key, to be believed for
// NegativeTTL, unless a tenant is known to have it.
func (c *Cache) PutMissing(k directory.Key, version uint64) *Entry {
	e := &Entry{Assignment: directory.Assignment{Version: version}, Missing: true, until: c.opts.Now().Add(c.opts.NegativeTTL)}
	s := &c.missing[c.keyShard(k)]
	s.mu.Lock()
	s.lru.Add(k, e)
	s.mu.Unlock()
	// A feed that was faster has indexed the key before or after this line; in
	// the first case it is seen here, in the second it removes what was added.
	if id, ok := c.idOf(k); ok {
		if known, ok := c.peek(id); ok && known.has(k) {
			c.forgetMissing(k)
			return known
		}
	}
	return e
}

// knownMissing returns the entry that says a key leads nowhere, if that is
// still believed.
func (c *Cache) knownMissing(k directory.Key) *Entry {
	s := &c.missing[c.keyShard(k)]
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.lru.Get(k)
	if !ok {
		return nil
	}
	if c.opts.Now().After(e.until) {
		s.lru.Remove(k)
		return nil
	}
	return e
}

func (c *Cache) forgetMissing(k directory.Key) {
	s := &c.missing[c.keyShard(k)]
	s.mu.Lock()
	s.lru.Remove(k)
	s.mu.Unlock()
}
