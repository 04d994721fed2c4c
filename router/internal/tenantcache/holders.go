package tenantcache

import (
	"hash/maphash"
	"sync"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// holders is the index of LRU mode: which tenant a slug or domain leads to.
type holders struct {
	seed   maphash.Seed
	shards [lruShards]struct {
		mu   sync.Mutex
		keys map[directory.Key]holder
	}
}

// holder is the tenant that a key leads to, by the directory version that said so.
type holder struct {
	id      tenancy.ID
	version uint64
}

func (h *holders) init() {
	for i := range h.shards {
		h.shards[i].keys = map[directory.Key]holder{}
	}
}

// idOf returns the tenant that a key leads to.
func (h *holders) idOf(k directory.Key, hash uint64) (tenancy.ID, bool) {
	if k.Kind == directory.ByID {
		id, err := tenancy.ParseID(k.Value)
		return id, err == nil
	}
	s := &h.shards[hash%lruShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.keys[k]
	return held.id, ok
}

// index makes a tenant's keys lead to it. A key that changed hands stays with
// the newer tenant.
func (h *holders) index(a *directory.Assignment) {
	h.each(a, func(keys map[directory.Key]holder, k directory.Key) {
		if held, ok := keys[k]; !ok || held.id == a.TenantID || held.version < a.Version {
			keys[k] = holder{a.TenantID, a.Version}
		}
	})
}

// unindex removes a tenant's keys, as far as they still lead to it.
func (h *holders) unindex(a *directory.Assignment) {
	h.each(a, func(keys map[directory.Key]holder, k directory.Key) {
		if keys[k].id == a.TenantID {
			delete(keys, k)
		}
	})
}

// each shows every key that leads to a, with its shard locked.
func (h *holders) each(a *directory.Assignment, fn func(map[directory.Key]holder, directory.Key)) {
	if !routable(a.State) {
		return
	}
	locked := func(k directory.Key) {
		s := &h.shards[maphash.String(h.seed, k.Value)%lruShards]
		s.mu.Lock()
		defer s.mu.Unlock()
		fn(s.keys, k)
	}
	if a.Slug != "" {
		locked(slugKey(a.Slug))
	}
	for _, d := range a.Domains {
		locked(domainKey(d))
	}
}
