package tenantcache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Options says what a cache keeps. All fields may be zero.
type Options struct {
	// Bytes bounds the tenants kept, least recently used ones leaving first. 0:
	// full mode, every tenant is kept.
	Bytes int64
	// NegativeTTL is how long "no such tenant" is believed.
	NegativeTTL time.Duration
	// RevalidateAfter is the age at which an entry of LRU mode is served still,
	// but asked for again by Fetch, unless the cache is fresh (see SetFresh). 0:
	// never.
	RevalidateAfter time.Duration
	Fetch           Fetch
	// OnChange, if not nil, is called after something newer of a tenant became
	// known, by whoever brought it, without a lock held. It must not block.
	OnChange func(id tenancy.ID, version, epoch uint64)
	Now      func() time.Time
}

// Cache is safe for concurrent use.
type Cache struct {
	opts    Options
	seed    maphash.Seed
	tenants store
	lru     *bounded // tenants, in LRU mode
	missing *missing
	news    *news
	cells   atomic.Pointer[map[string]*directory.Cell]
	cellMu  sync.Mutex // serialises writers of cells

	flight       singleflight.Group
	inFlight     atomic.Int64
	revalidating atomic.Int64
	// floor is the version of the newest snapshot: an answer that was true
	// before it may lack what the snapshot said of a tenant that was not cached.
	floor atomic.Uint64
	marks atomic.Uint32

	counters [16]counters
	fetches  atomic.Uint64
	refused  atomic.Uint64
}

// counters of some keys; more than one lest cores wait for each other.
type counters struct {
	hits, misses atomic.Uint64
	_            [48]byte // a cache line each
}

// New returns an empty cache. It fails if Bytes is too small to be meant.
func New(opts Options) (*Cache, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	c := &Cache{opts: opts, seed: maphash.MakeSeed()}
	c.cells.Store(&map[string]*directory.Cell{})
	var err error
	if c.missing, err = newMissing(); err != nil {
		return nil, err
	}
	if c.news, err = newNews(); err != nil {
		return nil, err
	}
	if opts.Bytes == 0 {
		c.tenants = newTable(c.seed)
		return c, nil
	}
	if c.lru, err = newBounded(opts, c.seed); err != nil {
		return nil, err
	}
	c.tenants = c.lru
	return c, nil
}

// Get returns what is known under k. It allocates nothing and does not keep k.
func (c *Cache) Get(k directory.Key) (Entry, bool) {
	hash := c.hashOf(k)
	count := &c.counters[hash%uint64(len(c.counters))]
	e, ok := c.look(k, hash)
	if !ok {
		count.misses.Add(1)
		return Entry{}, false
	}
	count.hits.Add(1)
	if e.ask {
		c.revalidate(k)
	}
	return e, true
}

func (c *Cache) look(k directory.Key, hash uint64) (Entry, bool) {
	if e, ok := c.tenants.get(k, hash); ok {
		return e, true
	}
	return c.missing.get(k, hash, c.opts.Now)
}

// hashOf is the hash of the key's text; a slug and a domain of one text do not
// meet, since each kind has its own index.
func (c *Cache) hashOf(k directory.Key) uint64 { return maphash.String(c.seed, k.Value) }
