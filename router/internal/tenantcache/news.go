package tenantcache

import (
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// noteNews remembers a change of a tenant that is not cached: a fetch under way
// may have read the directory before it.
func (c *Cache) noteNews(a directory.Assignment) {
	c.news.mu.Lock()
	defer c.news.mu.Unlock()
	if known, ok := c.news.lru.Peek(a.TenantID); !ok || known.Version < a.Version {
		c.news.lru.Add(a.TenantID, a)
	}
}

func (c *Cache) newsOf(id tenancy.ID) (directory.Assignment, bool) {
	c.news.mu.Lock()
	defer c.news.mu.Unlock()
	return c.news.lru.Peek(id)
}
