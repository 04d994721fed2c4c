package authn

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	shardCount    = 64  // bounds contention
	entryOverhead = 320 // bytes of a cached token beside its texts: entry, list element, map slot
	cleanedPerPut = 2   // expired tokens that a new one clears away
)

// cache holds verified tokens. Its key is a hash, its truth the whole token.
type cache struct {
	seed   maphash.Seed
	shards [shardCount]shard
}

type shard struct {
	mu       sync.Mutex
	lru      *simplelru.LRU[uint64, *entry]
	bytes    int
	maxBytes int
	hits     uint64
}

// entry is one verified token. It does not change.
type entry struct {
	token    string
	identity *Identity
	key      *publicKey
	until    time.Time // its expiry and the skew
	size     int
}

func newCache(tokens, bytes int) (*cache, error) {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		s := &c.shards[i]
		s.maxBytes = bytes / shardCount
		var err error
		// The shard's lock is held while the LRU evicts.
		s.lru, err = simplelru.NewLRU(max(1, tokens/shardCount), func(_ uint64, e *entry) { s.bytes -= e.size })
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// get returns the token's entry; nil: it is not cached. The token is not kept.
func (c *cache) get(token string) *entry {
	if len(token) > maxToken {
		return nil // not worth a hash
	}
	hash := maphash.String(c.seed, token)
	s := &c.shards[hash%shardCount]
	s.mu.Lock()
	e, ok := s.lru.Get(hash)
	if ok && e.token == token {
		s.hits++
		s.mu.Unlock()
		return e
	}
	s.mu.Unlock()
	return nil
}

// put keeps a copy of a verified token, unless it alone would fill a shard.
func (c *cache) put(token string, identity *Identity, key *publicKey, until, now time.Time) {
	e := &entry{token: strings.Clone(token), identity: identity, key: key, until: until}
	e.size = entryOverhead + len(e.token) + identity.size()
	hash := maphash.String(c.seed, token)
	s := &c.shards[hash%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.size > s.maxBytes {
		return
	}
	s.lru.Remove(hash) // so that its bytes are given back
	s.clean(now)
	for s.bytes+e.size > s.maxBytes {
		s.lru.RemoveOldest()
	}
	s.bytes += e.size
	s.lru.Add(hash, e)
}

// clean drops expired tokens that nobody used for the longest time.
func (s *shard) clean(now time.Time) {
	for range cleanedPerPut {
		if _, oldest, ok := s.lru.GetOldest(); !ok || now.Before(oldest.until) {
			return
		}
		s.lru.RemoveOldest()
	}
}

// drop forgets an entry, if it is still the one cached.
func (c *cache) drop(e *entry) {
	hash := maphash.String(c.seed, e.token)
	s := &c.shards[hash%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.lru.Peek(hash); ok && known == e {
		s.lru.Remove(hash)
	}
}

// cacheStats counts what a cache holds, and how often it had what was asked for.
type cacheStats struct {
	tokens, bytes int
	hits          uint64
}

func (c *cache) stats() cacheStats {
	var st cacheStats
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		st.tokens += s.lru.Len()
		st.bytes += s.bytes
		st.hits += s.hits
		s.mu.Unlock()
	}
	return st
}
