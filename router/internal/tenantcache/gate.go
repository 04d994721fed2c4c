package tenantcache

import (
	"runtime"
	"sync"
	"time"
)

const (
	stripes  = 16                    // more let readers on more cores alone, but cost writers
	politely = 10 * time.Millisecond // for how long a writer steps back for readers
)

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
//
// A reader may lose its processor within the gate, for milliseconds. A writer
// that waited in line for it would keep all other readers waiting meanwhile; so
// it takes all stripes or none, and only if that fails for long, one by one.
func (g *gate) close() {
	if g.tryClose() {
		return
	}
	for start := time.Now(); time.Since(start) < politely; runtime.Gosched() {
		if g.tryClose() {
			return
		}
	}
	for i := range g {
		g[i].Lock()
	}
}

func (g *gate) tryClose() bool {
	for i := range g {
		if !g[i].TryLock() {
			for i--; i >= 0; i-- {
				g[i].Unlock()
			}
			return false
		}
	}
	return true
}

func (g *gate) open() {
	for i := range g {
		g[i].Unlock()
	}
}
