// Package topk finds the busiest tenants in bounded memory (Space-Saving:
// Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k
// Elements in Data Streams", ICDT 2005).
//
// A label for each of a million tenants would break every monitoring system
// there is. Of those kept here, a tenant's count is too high by at most the
// count that stood in its place before, and every tenant with more than
// total/Capacity requests is among them.
package topk

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/coditect/platform/shared/tenancy"
)

const (
	// Capacity is the number of tenants that are told apart.
	Capacity = 256
	// Sample is how many requests stand for each one that is counted: the lock
	// is taken as rarely.
	Sample = 16
)

// Counter counts requests by tenant. It is safe for concurrent use.
type Counter struct {
	mu   sync.Mutex
	byID map[tenancy.ID]*item
	heap items
}

type item struct {
	id    tenancy.ID
	count uint64
	at    int
}

// Count is one tenant's share.
type Count struct {
	Tenant   tenancy.ID
	Requests uint64 // about
}

// New returns an empty counter.
func New() *Counter { return &Counter{byID: make(map[tenancy.ID]*item, Capacity)} }

// Observe counts a request, one in Sample of them with the weight of all.
func (c *Counter) Observe(id tenancy.ID) {
	if rand.Uint32()%Sample != 0 {
		return
	}
	c.Add(id, Sample)
}

// Add counts n requests.
func (c *Counter) Add(id tenancy.ID, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.byID[id]
	switch {
	case it != nil:
		it.count += n
		heap.Fix(&c.heap, it.at)
	case len(c.heap) < Capacity:
		it = &item{id: id, count: n}
		c.byID[id] = it
		heap.Push(&c.heap, it)
	default: // the least busy gives way, and leaves its count
		it = c.heap[0]
		delete(c.byID, it.id)
		it.id = id
		it.count += n
		c.byID[id] = it
		heap.Fix(&c.heap, 0)
	}
}

// Top returns the k busiest tenants, the busiest first.
func (c *Counter) Top(k int) []Count {
	c.mu.Lock()
	all := make([]Count, 0, len(c.heap))
	for _, it := range c.heap {
		all = append(all, Count{Tenant: it.id, Requests: it.count})
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b Count) int {
		switch {
		case a.Requests > b.Requests:
			return -1
		case a.Requests < b.Requests:
			return 1
		}
		return slices.Compare(a.Tenant[:], b.Tenant[:])
	})
	return all[:min(k, len(all))]
}

// items is a min-heap by count.
type items []*item

func (h items) Len() int           { return len(h) }
func (h items) Less(i, j int) bool { return h[i].count < h[j].count }
func (h items) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements [heap.Interface].
func (h *items) Push(x any) {
	it := x.(*item)
	it.at = len(*h)
	*h = append(*h, it)
}

// Pop implements [heap.Interface].
func (h *items) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
