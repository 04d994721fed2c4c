package tenantcache

import "sync"

const stripes = 16 // more let readers on more cores alone, but cost writers

// gate is a lock for many readers and few writers: a reader locks one stripe, a
// writer all of them, for a microsecond.
type gate [stripes]struct {
	sync.RWMutex
	_ [40]byte // a cache line each
}

// enter lets a reader in; it leaves by RUnlock. Hash spreads the readers.
func (g *gate) enter(hash uint64) *sync.RWMutex {
	m := &g[hash%stripes].RWMutex
	m.RLock()
	return m
}

// close keeps readers out until open.
func (g *gate) close() {
	for i := range g {
		g[i].Lock()
	}
}

func (g *gate) open() {
	for i := range g {
		g[i].Unlock()
	}
}
