package tenantcache

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// newsKept bounds the changes of tenants nobody had asked for that are kept
// while a fetch may still bring something older.
const newsKept = 8192

// news are the latest changes of tenants that are not cached: a fetch under way
// may have read the directory before them.
type news struct {
	mu  sync.Mutex
	lru *simplelru.LRU[tenancy.ID, *directory.Assignment]
}

func newNews() (*news, error) {
	lru, err := simplelru.NewLRU[tenancy.ID, *directory.Assignment](newsKept, nil)
	return &news{lru: lru}, err
}

// note remembers a change, and reports whether it is new.
func (n *news) note(a *directory.Assignment) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.lru.Peek(a.TenantID); ok && known.Version >= a.Version {
		return false
	}
	n.lru.Add(a.TenantID, a)
	return true
}

// newest returns the newer one of a and what was noted of its tenant.
func (n *news) newest(a *directory.Assignment) *directory.Assignment {
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.lru.Peek(a.TenantID); ok && known.Version > a.Version {
		return known
	}
	return a
}
