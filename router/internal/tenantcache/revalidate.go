package tenantcache

import (
	"context"
	"strings"

	"github.com/coditect/platform/shared/directory"
)

// maxRevalidations bounds the old entries that are asked for at once. One that
// finds no place waits for RevalidateAfter again.
const maxRevalidations = 64

// SetFresh tells whether changes arrive as they are made. While they do not,
// entries of LRU mode grow old, see Options.RevalidateAfter. A new cache is not
// fresh.
func (c *Cache) SetFresh(fresh bool) {
	if c.lru != nil {
		c.lru.setFresh(fresh)
	}
}

// revalidate asks for k behind the back of the request that was served.
func (c *Cache) revalidate(k directory.Key) {
	if c.revalidating.Add(1) > maxRevalidations {
		c.revalidating.Add(-1)
		return
	}
	k.Value = strings.Clone(k.Value)
	go func() {
		defer c.revalidating.Add(-1)
		// Nobody waits for the outcome: without an answer the entry stays.
		_, _ = c.Refresh(context.Background(), k, c.opts.Fetch)
	}()
}
