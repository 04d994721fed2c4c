package tenantcache

import (
	"slices"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// bury notes that at version the directory knew nobody by k. Who is known by it
// here is gone since, or has lost that domain: slugs are for life.
func (c *Cache) bury(k directory.Key, version uint64) {
	known, ok := c.tenants.get(k, c.hashOf(k))
	if !ok || version == 0 {
		return // of an answer that does not say when it was true, nothing follows
	}
	c.tenants.update([]directory.Assignment{known.Assignment}, 0, func(_ *directory.Assignment, known Entry, ok bool) *directory.Assignment {
		if !ok || known.Version >= version || !leadsTo(k, &known.Assignment) {
			return nil
		}
		next := known.Assignment
		if k.Kind == directory.ByDomain {
			next.Domains = slices.DeleteFunc(slices.Clone(next.Domains), func(d tenancy.Domain) bool { return string(d) == k.Value })
		} else {
			next.State, next.Version = directory.Deleted, version
		}
		return &next
	})
}
