package identity

import (
	"sync"
	"time"

	"github.com/coditect/platform/controlplane"
)

const (
	trustedFor = 5 * time.Second
	maxCached  = 4096 // keys; more than there are cells and routers
)

// cache keeps keys that were checked a moment ago. Only valid keys enter, so a
// stranger's guesses cannot fill it.
type cache struct {
	mu    sync.RWMutex
	keys  map[controlplane.SecretHash]cached
	epoch uint64 // counts clears
}

type cached struct {
	key   controlplane.Key
	until time.Time
}

func newCache() *cache { return &cache{keys: map[controlplane.SecretHash]cached{}} }

func (c *cache) get(hash controlplane.SecretHash, now time.Time) (controlplane.Key, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.keys[hash]
	return e.key, ok && now.Before(e.until)
}

func (c *cache) generation() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch
}

// put keeps a key that was read in the given generation; one that was read
// before a clear may have been revoked since.
func (c *cache) put(hash controlplane.SecretHash, key controlplane.Key, now time.Time, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != generation {
		return
	}
	if len(c.keys) >= maxCached {
		clear(c.keys)
	}
	c.keys[hash] = cached{key, now.Add(trustedFor)}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.keys)
	c.epoch++
}
