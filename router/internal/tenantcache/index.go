package tenantcache

import (
	"hash/maphash"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// holder is the tenant that a key leads to, by the directory version that said so.
type holder struct {
	id      tenancy.ID
	version uint64
}

func (c *Cache) keyShard(k directory.Key) uint64 { return maphash.String(c.seed, k.Value) % shardCount }

// idOf returns the tenant that a key leads to.
func (c *Cache) idOf(k directory.Key) (tenancy.ID, bool) {
	if k.Kind == directory.ByID {
		id, err := tenancy.ParseID(k.Value)
		return id, err == nil
	}
	s := &c.index[c.keyShard(k)]
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.holders[k]
	return held.id, ok
}

// reindex makes the entry's keys lead to it, and ends the belief that they lead
// nowhere. A key that changed hands stays with the newer tenant.
func (c *Cache) reindex(e *Entry) {
	for _, k := range e.keys() {
		c.forgetMissing(k)
		s := &c.index[c.keyShard(k)]
		s.mu.Lock()
		if held, ok := s.holders[k]; !ok || held.id == e.TenantID || held.version < e.Version {
			s.holders[k] = holder{e.TenantID, e.Version}
		}
		s.mu.Unlock()
	}
}

// unindex removes the entry's keys, as far as they still lead to it.
func (c *Cache) unindex(e *Entry) {
	for _, k := range e.keys() {
		s := &c.index[c.keyShard(k)]
		s.mu.Lock()
		if s.holders[k].id == e.TenantID {
			delete(s.holders, k)
		}
		s.mu.Unlock()
	}
}
