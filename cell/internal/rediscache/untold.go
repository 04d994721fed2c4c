package rediscache

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// untold are the tenants that were written to while Redis did not answer. There
// are no more of them than the cell has tenants.
type untold struct {
	count   atomic.Int64 // spares looks the lock
	mu      sync.RWMutex
	tenants map[tenancy.ID]cell.Mutation
}

func (u *untold) has(id tenancy.ID) bool {
	if u.count.Load() == 0 {
		return false
	}
	u.mu.RLock()
	defer u.mu.RUnlock()
	_, ok := u.tenants[id]
	return ok
}

func (u *untold) add(m cell.Mutation) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.tenants == nil {
		u.tenants = map[tenancy.ID]cell.Mutation{}
	}
	m.Rights = m.Rights || u.tenants[m.Tenant].Rights
	u.tenants[m.Tenant] = m
	u.count.Store(int64(len(u.tenants)))
}

func (u *untold) list() []cell.Mutation {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return slices.Collect(maps.Values(u.tenants))
}

// told removes what was told, unless there is newer.
func (u *untold) told(m cell.Mutation) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.tenants[m.Tenant] == m {
		delete(u.tenants, m.Tenant)
	}
	u.count.Store(int64(len(u.tenants)))
}
