package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	tuneInterval = 2 * time.Second
	// mostFree is what a burst of connections may leave behind, in stacks and
	// buffers that nobody uses, before it goes back to the system.
	mostFree = 16 << 20
	// heapGrowth is how much garbage may pile up before a collection, in times
	// of what is alive and not the directory: see package run.
	heapGrowth = 4
	// mostGarbage bounds it: a request makes next to none, so more would only make
	// the process larger.
	mostGarbage = 12 << 20
	// leastAlive keeps collections rare in a router that does little yet.
	leastAlive = 16 << 20
)

// tuneMemory keeps the collector's percentage such that the directory, which is
// never garbage and costs little to scan, does not let garbage pile up to a
// multiple of its own size.
func (r *router) tuneMemory(ctx context.Context) error {
	if !r.opts.TuneGC {
		return nil
	}
	select {
	case <-r.loaded:
		debug.FreeOSMemory() // what loading left
	case <-ctx.Done():
		return nil
	}
	tick := time.NewTicker(tuneInterval)
	defer tick.Stop()
	for {
		r.tuneOnce()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *router) tuneOnce() {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(samples)
	if samples[1].Value.Uint64() > mostFree {
		debug.FreeOSMemory()
	}
	percent := gcPercent(int64(samples[0].Value.Uint64()), r.cache.Stats().Bytes)
	// Setting it stops the world for a moment.
	if d := percent - r.gcPercent; d*d*100 > percent*percent {
		debug.SetGCPercent(percent)
		r.gcPercent = percent
	}
}

// gcPercent returns the percentage of live by which the heap may grow.
func gcPercent(live, resident int64) int {
	live = max(live, resident, leastAlive)
	rest := max(live-resident, leastAlive)
	return int(100 * min(heapGrowth*rest, mostGarbage) / live)
}
