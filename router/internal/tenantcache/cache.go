package tenantcache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	shardCount = 64   // bounds contention
	newsKept   = 8192 // changes of tenants nobody had asked for, kept while a fetch may still bring older ones
)

// Options bounds a cache.
type Options struct {
	Entries     int           // tenants held at most
	NegativeTTL time.Duration // how long "no such tenant" is believed
	Now         func() time.Time
}

// Cache is safe for concurrent use.
//
// A tenant has one slot, in the LRU of its shard; slugs and domains are an index
// of ids beside it. So a tenant is known under all its keys or under none, and
// an evicted one leaves nothing behind.
type Cache struct {
	opts    Options
	seed    maphash.Seed
	tenants [shardCount]tenantShard
	index   [shardCount]indexShard
	missing [shardCount]missingShard
	news    newsShard
	cells   atomic.Pointer[map[string]*directory.Cell]
	cellMu  sync.Mutex // serialises writers of cells
	flight  singleflight.Group

	hits, misses, fetches atomic.Uint64
}

type tenantShard struct {
	mu  sync.Mutex
	lru *simplelru.LRU[tenancy.ID, *Entry]
}

type indexShard struct {
	mu      sync.Mutex
	holders map[directory.Key]holder
}

type missingShard struct {
	mu  sync.Mutex
	lru *simplelru.LRU[directory.Key, *Entry]
}

type newsShard struct {
	mu  sync.Mutex
	lru *simplelru.LRU[tenancy.ID, directory.Assignment]
}

// New returns an empty cache.
func New(opts Options) (*Cache, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	c := &Cache{opts: opts, seed: maphash.MakeSeed()}
	c.cells.Store(&map[string]*directory.Cell{})
	var err error
	size := max(16, opts.Entries/shardCount)
	for i := range shardCount {
		c.index[i].holders = map[directory.Key]holder{}
		// The shard's lock is held while the LRU evicts.
		if c.tenants[i].lru, err = simplelru.NewLRU(size, func(_ tenancy.ID, e *Entry) { c.unindex(e) }); err != nil {
			return nil, err
		}
		if c.missing[i].lru, err = simplelru.NewLRU[directory.Key, *Entry](max(16, size/8), nil); err != nil {
			return nil, err
		}
	}
	c.news.lru, err = simplelru.NewLRU[tenancy.ID, directory.Assignment](newsKept, nil)
	return c, err
}

// Get returns what is known under k. It allocates nothing and does not keep k.
func (c *Cache) Get(k directory.Key) (*Entry, bool) {
	if id, ok := c.idOf(k); ok {
		s := c.tenantShard(id)
		s.mu.Lock()
		e, ok := s.lru.Get(id)
		s.mu.Unlock()
		if ok && e.has(k) {
			c.hits.Add(1)
			return e, true
		}
	}
	if e := c.knownMissing(k); e != nil {
		c.hits.Add(1)
		return e, true
	}
	c.misses.Add(1)
	return nil, false
}

// Put takes an assignment, unless a newer one is known, and returns the entry
// then known for the tenant.
func (c *Cache) Put(a directory.Assignment) *Entry {
	s := c.tenantShard(a.TenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if newer, ok := c.newsOf(a.TenantID); ok && newer.Version > a.Version {
		a = newer
	}
	return c.put(s, newEntry(a))
}

// PutIfKnown is Put for a tenant that is cached. What a feed says of others is
// only remembered for as long as a fetch under way may bring something older.
func (c *Cache) PutIfKnown(a directory.Assignment) {
	e := newEntry(a)
	s := c.tenantShard(a.TenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lru.Contains(a.TenantID) {
		c.put(s, e)
		return
	}
	c.noteNews(a)
	for _, k := range e.keys() {
		c.forgetMissing(k)
	}
}

// Moved notes what a cell said of a tenant that left it, and returns the entry
// then known. The version stays: whatever the directory says next is newer.
func (c *Cache) Moved(e *Entry, cell string, epoch uint64) *Entry {
	s := c.tenantShard(e.TenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.lru.Peek(e.TenantID); ok && (known.Epoch >= epoch || known.Version > e.Version) {
		return known
	}
	next := e.Assignment
	next.Cell, next.Epoch = cell, epoch
	if to := c.Cell(cell); to != nil {
		next.Region = to.Region
	}
	moved := newEntry(next)
	s.lru.Add(e.TenantID, moved)
	c.reindex(moved)
	return moved
}

// Prune drops every tenant that keep does not want and that is not newer than
// version: what a whole snapshot of that version does not have is gone.
func (c *Cache) Prune(version uint64, keep func(tenancy.ID) bool) {
	for i := range c.tenants {
		s := &c.tenants[i]
		s.mu.Lock()
		for _, id := range s.lru.Keys() {
			if e, ok := s.lru.Peek(id); ok && e.Version <= version && !keep(id) {
				s.lru.Remove(id)
			}
		}
		s.mu.Unlock()
	}
}

// put replaces the tenant's slot. The shard is locked.
func (c *Cache) put(s *tenantShard, e *Entry) *Entry {
	known, ok := s.lru.Peek(e.TenantID)
	if ok && known.Version >= e.Version {
		return known
	}
	if ok {
		c.unindex(known)
	}
	s.lru.Add(e.TenantID, e)
	c.reindex(e)
	return e
}

func (c *Cache) tenantShard(id tenancy.ID) *tenantShard {
	return &c.tenants[maphash.Bytes(c.seed, id[:])%shardCount]
}
