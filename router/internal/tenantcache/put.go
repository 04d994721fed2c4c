package tenantcache

import (
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Put takes an assignment, unless a newer one is known, and returns the entry
// then known for the tenant.
func (c *Cache) Put(a directory.Assignment) Entry {
	result, changed := Entry{}, false
	c.tenants.update([]directory.Assignment{a}, 0, func(offered *directory.Assignment, known Entry, ok bool) *directory.Assignment {
		next := c.news.newest(offered)
		if ok && known.Version >= next.Version {
			result = known
			return nil
		}
		result, changed = Entry{Assignment: *next}, true
		return next
	})
	if changed {
		c.changed(&result.Assignment)
	}
	return result
}

// PutIfKnown is Put for a tenant that is cached. What a feed says of others is
// only remembered for as long as a fetch under way may bring something older.
func (c *Cache) PutIfKnown(a directory.Assignment) {
	changed := false
	c.tenants.update([]directory.Assignment{a}, 0, func(offered *directory.Assignment, known Entry, ok bool) *directory.Assignment {
		switch {
		case !ok:
			changed = c.news.note(offered)
			return nil
		case known.Version >= offered.Version:
			return nil
		}
		changed = true
		return offered
	})
	if changed {
		c.changed(&a)
	}
}

// Moved notes what a cell said of a tenant that left it, and returns the entry
// then known. The version stays: whatever the directory says next is newer.
func (c *Cache) Moved(e Entry, cell string, epoch uint64) Entry {
	next := e.Assignment
	next.Cell, next.Epoch = cell, epoch
	if to := c.Cell(cell); to != nil {
		next.Region = to.Region
	}
	result, changed := Entry{Assignment: next}, true
	c.tenants.update([]directory.Assignment{next}, 0, func(offered *directory.Assignment, known Entry, ok bool) *directory.Assignment {
		if ok && (known.Epoch >= epoch || known.Version > e.Version) {
			result, changed = known, false
			return nil
		}
		return offered
	})
	if changed {
		c.changed(&result.Assignment)
	}
	return result
}

// Prune drops every tenant that keep does not want and that is not newer than
// version: what a whole snapshot of that version does not have is gone.
func (c *Cache) Prune(version uint64, keep func(tenancy.ID) bool) {
	c.tenants.prune(version, func(id tenancy.ID, _ uint8) bool { return keep(id) })
}

// changed follows every update, after the store's locks were released: the
// tenant's keys are no longer missing, and who waits for the tenant is told.
func (c *Cache) changed(a *directory.Assignment) {
	if routable(a.State) && c.missing.any() {
		c.forgetMissing(slugKey(a.Slug))
		for _, d := range a.Domains {
			c.forgetMissing(domainKey(d))
		}
	}
	if c.opts.OnChange != nil {
		c.opts.OnChange(a.TenantID, a.Version, a.Epoch)
	}
}
