package tenantcache

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"github.com/coditect/platform/shared/directory"
)

// shardCount bounds contention; a power of two.
const shardCount = 64

// Options bounds a cache.
type Options struct {
	Entries     int           // keys held at most; a tenant takes one per key
	NegativeTTL time.Duration // how long "no such tenant" is believed
	Now         func() time.Time
}

// Cache is safe for concurrent use.
type Cache struct {
	opts   Options
	seed   maphash.Seed
	shards [shardCount]shard
	cells  atomic.Pointer[map[string]*directory.Cell]
	cellMu sync.Mutex // serialises writers of cells
	tenant [shardCount]sync.Mutex
	flight singleflight.Group

	hits, misses, fetches atomic.Uint64
}

type shard struct {
	mu  sync.Mutex
	lru *simplelru.LRU[directory.Key, *Entry]
}

// New returns an empty cache.
func New(opts Options) (*Cache, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	c := &Cache{opts: opts, seed: maphash.MakeSeed()}
	c.cells.Store(&map[string]*directory.Cell{})
	for i := range c.shards {
		lru, err := simplelru.NewLRU[directory.Key, *Entry](max(1, opts.Entries/shardCount), nil)
		if err != nil {
			return nil, err
		}
		c.shards[i].lru = lru
	}
	return c, nil
}

func (c *Cache) shard(k directory.Key) *shard {
	return &c.shards[maphash.String(c.seed, k.Value)%shardCount]
}

// Get returns what is known under k. It allocates nothing and does not keep k.
func (c *Cache) Get(k directory.Key) (*Entry, bool) {
	s := c.shard(k)
	s.mu.Lock()
	e, ok := s.lru.Get(k)
	s.mu.Unlock()
	if !ok || e.Missing && c.opts.Now().After(e.until) {
		c.misses.Add(1)
		return nil, false
	}
	c.hits.Add(1)
	return e, true
}

// Cell returns a cell by its id, or nil if it is not known.
func (c *Cache) Cell(id string) *directory.Cell { return (*c.cells.Load())[id] }

// Cells returns all known cells, in the order of their ids.
func (c *Cache) Cells() []directory.Cell {
	var cells []directory.Cell
	for _, cell := range *c.cells.Load() {
		cells = append(cells, *cell)
	}
	slices.SortFunc(cells, func(a, b directory.Cell) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return cells
}

// PutCell takes what is said of a cell, unless something newer is known.
func (c *Cache) PutCell(cell directory.Cell) {
	c.cellMu.Lock()
	defer c.cellMu.Unlock()
	old := *c.cells.Load()
	if known := old[cell.ID]; known != nil && known.Version >= cell.Version {
		return
	}
	cells := make(map[string]*directory.Cell, len(old)+1)
	for id, known := range old {
		cells[id] = known
	}
	cells[cell.ID] = &cell
	c.cells.Store(&cells)
}

// Put takes an assignment under all its keys, and drops the keys that it no
// longer has. It returns the entry now known for the tenant, which is a newer
// one if there was.
func (c *Cache) Put(a directory.Assignment) *Entry {
	e := newEntry(a)
	// One writer a tenant: two versions must not interleave over several keys.
	mu := &c.tenant[maphash.String(c.seed, e.IDText)%shardCount]
	mu.Lock()
	defer mu.Unlock()
	keys := e.keys()
	previous := c.peek(keys[0])
	if previous != nil && previous.Version >= e.Version {
		return previous
	}
	if previous != nil {
		for _, k := range previous.keys() {
			if !e.routable() || !slices.Contains(keys, k) {
				c.dropKey(k, e)
			}
		}
	}
	c.putKey(keys[0], e)
	for _, k := range keys[1:] {
		if e.routable() {
			c.putKey(k, e)
		}
	}
	return e
}

// PutIfKnown is Put for a tenant of which at least one key is cached, or whose
// keys are believed to be missing: what a feed says of all others may be
// forgotten, since nobody asked.
func (c *Cache) PutIfKnown(a directory.Assignment) bool {
	for _, k := range newEntry(a).keys() {
		if c.peek(k) != nil {
			c.Put(a)
			return true
		}
	}
	return false
}

// PutMissing notes that at version no tenant had the key.
func (c *Cache) PutMissing(k directory.Key, version uint64) {
	c.putKey(k, &Entry{
		Assignment: directory.Assignment{Version: version}, Missing: true, until: c.opts.Now().Add(c.opts.NegativeTTL),
	})
}

func (c *Cache) peek(k directory.Key) *Entry {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, _ := s.lru.Peek(k)
	return e
}

func (c *Cache) putKey(k directory.Key, e *Entry) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.lru.Peek(k); ok && known.Version > e.Version {
		return
	}
	s.lru.Add(k, e)
}

// dropKey forgets k if what it leads to is older than e and the same tenant's.
func (c *Cache) dropKey(k directory.Key, e *Entry) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.lru.Peek(k); ok && known.Version < e.Version && known.TenantID == e.TenantID {
		s.lru.Remove(k)
	}
}

// Moved notes what a cell said of a tenant that left it, and returns the entry
// then known. The version stays: whatever the directory says next is newer.
func (c *Cache) Moved(e *Entry, cell string, epoch uint64) *Entry {
	mu := &c.tenant[maphash.String(c.seed, e.IDText)%shardCount]
	mu.Lock()
	defer mu.Unlock()
	id := directory.Key{Kind: directory.ByID, Value: e.IDText}
	known := c.peek(id)
	if known != nil && (known.Epoch >= epoch || known.Version > e.Version) {
		return known
	}
	next := e.Assignment
	next.Cell, next.Epoch = cell, epoch
	if to := c.Cell(cell); to != nil {
		next.Region = to.Region
	}
	moved := newEntry(next)
	for _, k := range moved.keys() {
		c.putKey(k, moved)
	}
	return moved
}
