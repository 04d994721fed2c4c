package tenantcache

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/coditect/platform/shared/directory"
)

// missingKept bounds the keys known to lead nowhere, at most 8 MiB of them: they
// come from strangers, and must not push out tenants.
const (
	missingKept   = 16384
	missingShards = 64
)

// missing are keys that lead nowhere.
type missing struct {
	shards [missingShards]missingShard
	count  atomic.Int64
}

type missingShard struct {
	mu  sync.Mutex
	lru *simplelru.LRU[directory.Key, absence]
}

// absence says that at version no tenant had a key, and until when this is
// believed.
type absence struct {
	version uint64
	until   time.Time
}

func newMissing() (*missing, error) {
	m := &missing{}
	for i := range m.shards {
		var err error
		m.shards[i].lru, err = simplelru.NewLRU(missingKept/missingShards, func(directory.Key, absence) { m.count.Add(-1) })
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// any reports whether there is anything to forget.
func (m *missing) any() bool { return m.count.Load() > 0 }

func (m *missing) add(k directory.Key, hash uint64, a absence) {
	s := &m.shards[hash%missingShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lru.Contains(k) {
		m.count.Add(1)
	}
	s.lru.Add(k, a)
}

func (m *missing) get(k directory.Key, hash uint64, now func() time.Time) (Entry, bool) {
	if !m.any() {
		return Entry{}, false
	}
	s := &m.shards[hash%missingShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.lru.Get(k)
	if !ok {
		return Entry{}, false
	}
	if now().After(a.until) {
		s.lru.Remove(k)
		return Entry{}, false
	}
	return missingEntry(a.version), true
}

func (m *missing) forget(k directory.Key, hash uint64) {
	s := &m.shards[hash%missingShards]
	s.mu.Lock()
	s.lru.Remove(k)
	s.mu.Unlock()
}

func missingEntry(version uint64) Entry {
	return Entry{Assignment: directory.Assignment{Version: version}, Missing: true}
}

// PutMissing notes that at version no tenant had the key, to be believed for
// NegativeTTL, unless a tenant is known to have it.
func (c *Cache) PutMissing(k directory.Key, version uint64) Entry {
	k.Value = strings.Clone(k.Value)
	hash := c.hashOf(k)
	c.missing.add(k, hash, absence{version: version, until: c.opts.Now().Add(c.opts.NegativeTTL)})
	// A feed that was faster has stored the tenant before or after this line; in
	// the first case it is seen here, in the second it removes what was added.
	if known, ok := c.tenants.get(k, hash); ok {
		c.missing.forget(k, hash)
		return known
	}
	return missingEntry(version)
}

func (c *Cache) forgetMissing(k directory.Key) { c.missing.forget(k, c.hashOf(k)) }
