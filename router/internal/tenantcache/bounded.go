package tenantcache

import (
	"errors"
	"hash/maphash"
	"math"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	lruShards = 64 // bounds contention
	minBytes  = 256 << 10
)

// bounded keeps the tenants in use, as many as its bytes allow: an LRU in
// shards, and beside it the index of slugs and domains. A shard always keeps the
// tenant that was last added.
type bounded struct {
	seed    maphash.Seed
	limit   int64 // bytes of a shard
	age     age
	shards  [lruShards]lruShard
	holders holders
	names   names
}

type lruShard struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[tenancy.ID, *slot]
	bytes int64
}

// slot is one tenant. The assignment never changes: what is newer takes another
// slot.
type slot struct {
	directory.Assignment
	confirmed int64 // when the directory last said so, Unix nanoseconds
	cost      int64 // bytes
	mark      uint8
}

func newBounded(opts Options, seed maphash.Seed) (*bounded, error) {
	if opts.Bytes < minBytes {
		return nil, errors.New("a cache of less than 256 KiB is of no use")
	}
	b := &bounded{seed: seed, limit: opts.Bytes / lruShards, holders: holders{seed: seed}}
	b.age.init(opts)
	b.holders.init()
	for i := range b.shards {
		s := &b.shards[i]
		var err error
		// The shard's lock is held while the LRU evicts.
		s.lru, err = simplelru.NewLRU(math.MaxInt, func(_ tenancy.ID, x *slot) {
			s.bytes -= x.cost
			b.holders.unindex(&x.Assignment)
		})
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *bounded) setFresh(fresh bool) { b.age.setFresh(fresh) }

func (b *bounded) shard(id tenancy.ID) *lruShard {
	return &b.shards[maphash.Bytes(b.seed, id[:])%lruShards]
}

// get implements store.
func (b *bounded) get(k directory.Key, hash uint64) (Entry, bool) {
	id, ok := b.holders.idOf(k, hash)
	if !ok {
		return Entry{}, false
	}
	s := b.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.lru.Get(id)
	if !ok || !leadsTo(k, &x.Assignment) {
		return Entry{}, false
	}
	e := Entry{Assignment: x.Assignment}
	if now, old := b.age.old(x.confirmed); old {
		x.confirmed, e.ask = now, true // one asks, the others need not
	}
	return e, true
}

// update implements store.
func (b *bounded) update(offered []directory.Assignment, mark uint8, decide decision) {
	for i := range offered {
		b.updateOne(&offered[i], mark, decide)
	}
}

func (b *bounded) updateOne(offered *directory.Assignment, mark uint8, decide decision) {
	s := b.shard(offered.TenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	var entry Entry
	known, ok := s.lru.Peek(offered.TenantID)
	if ok {
		entry.Assignment = known.Assignment
	}
	next := decide(offered, entry, ok)
	switch {
	case next != nil:
		known = b.set(s, known, next)
	case !ok:
		return
	case known.Version == offered.Version:
		known.confirmed = b.age.now().UnixNano()
	}
	if mark != 0 {
		known.mark = mark
	}
}

// set replaces the tenant's slot. The shard is locked.
func (b *bounded) set(s *lruShard, known *slot, a *directory.Assignment) *slot {
	x := &slot{Assignment: b.copyOf(a), confirmed: b.age.now().UnixNano()}
	x.cost = slotBytes + int64(len(x.Slug)) + domainCost(x.Domains) + edgeCost(x.Edge)
	if known != nil {
		s.bytes -= known.cost
		b.holders.unindex(&known.Assignment)
	}
	s.lru.Add(x.TenantID, x)
	s.bytes += x.cost
	b.holders.index(&x.Assignment)
	for s.bytes > b.limit && s.lru.Len() > 1 {
		s.lru.RemoveOldest()
	}
	return x
}

// copyOf shares no memory with a buffer that a was read from, and shares what
// many tenants have in common.
func (b *bounded) copyOf(a *directory.Assignment) directory.Assignment {
	out := *a
	out.Slug, out.Domains = tenancy.Slug(strings.Clone(string(a.Slug))), cloneDomains(a.Domains)
	out.Cell, out.Region, out.Plan = b.names.shared(a.Cell), b.names.shared(a.Region), b.names.shared(a.Plan)
	out.State = directory.State(b.names.shared(string(a.State)))
	return out
}

// prune implements store.
func (b *bounded) prune(version uint64, keep func(id tenancy.ID, mark uint8) bool) {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for _, id := range s.lru.Keys() {
			if x, ok := s.lru.Peek(id); ok && x.Version <= version && !keep(id, x.mark) {
				s.lru.Remove(id)
			}
		}
		s.mu.Unlock()
	}
}

// each implements store.
func (b *bounded) each(fn func([]Entry) error) error {
	var entries []Entry
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		slots := s.lru.Values()
		s.mu.Unlock()
		for len(slots) > 0 {
			n := min(len(slots), batchSize)
			entries = entries[:0]
			for _, x := range slots[:n] {
				entries = append(entries, Entry{Assignment: x.Assignment})
			}
			slots = slots[n:]
			if err := fn(entries); err != nil {
				return err
			}
		}
	}
	return nil
}

// size implements store.
func (b *bounded) size() (tenants int, bytes int64) {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		tenants, bytes = tenants+s.lru.Len(), bytes+s.bytes
		s.mu.Unlock()
	}
	return tenants, bytes
}
