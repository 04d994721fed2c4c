package lookup

import (
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Staging holds a snapshot until its checksum has been seen, then gives it to
// the cache: a broken snapshot changes nothing.
type Staging struct {
	limit   int // tenants kept; the rest is looked up when asked for
	cells   []directory.Cell
	tenants []directory.Assignment
}

// NewStaging returns a sink that keeps at most limit tenants.
func NewStaging(limit int) *Staging { return &Staging{limit: limit} }

// Cell implements [directory.Sink].
func (s *Staging) Cell(c directory.Cell) error {
	s.cells = append(s.cells, c)
	return nil
}

// Tenant implements [directory.Sink].
func (s *Staging) Tenant(a *directory.Assignment) error {
	if len(s.tenants) < s.limit {
		s.tenants = append(s.tenants, *a)
	}
	return nil
}

// Apply gives everything to the cache, drops what the snapshot of that version
// does not have, and returns the number of tenants.
func (s *Staging) Apply(cache *tenantcache.Cache, version uint64) int {
	for _, c := range s.cells {
		cache.PutCell(c)
	}
	has := make(map[tenancy.ID]struct{}, len(s.tenants))
	for _, a := range s.tenants {
		has[a.TenantID] = struct{}{}
		cache.Put(a)
	}
	cache.Prune(version, func(id tenancy.ID) bool { _, ok := has[id]; return ok })
	return len(s.tenants)
}
