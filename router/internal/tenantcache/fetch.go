package tenantcache

import (
	"context"
	"time"

	"github.com/coditect/platform/shared/directory"
)

// fetchTimeout bounds a fetch, which outlives the request that began it: others
// wait for the same answer.
const fetchTimeout = 5 * time.Second

// Answer is what the directory says of a key.
type Answer struct {
	Entry   *directory.Entry // nil: no tenant has the key
	Version uint64           // as of which that is so
}

// Fetch asks the directory for a key.
type Fetch func(ctx context.Context, k directory.Key) (Answer, error)

// Resolve returns what is known under k, asking the directory if nothing is.
// Requests that miss the same key at the same time share one fetch; each gives
// up when its own ctx ends. An error means that the directory did not answer.
func (c *Cache) Resolve(ctx context.Context, k directory.Key, fetch Fetch) (*Entry, error) {
	if e, ok := c.Get(k); ok {
		return e, nil
	}
	return c.Refresh(ctx, k, fetch)
}

// Refresh asks the directory for k whatever is known, sharing the fetch with
// others that do the same, and returns the newest entry then known.
func (c *Cache) Refresh(ctx context.Context, k directory.Key, fetch Fetch) (*Entry, error) {
	// The key outlives the request whose memory it may share.
	k = directory.Key{Kind: k.Kind, Value: string([]byte(k.Value))}
	result := c.flight.DoChan(string(k.Kind)+":"+k.Value, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		c.fetches.Add(1)
		return c.fetch(ctx, k, fetch)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Entry), nil
	}
}

func (c *Cache) fetch(ctx context.Context, k directory.Key, fetch Fetch) (*Entry, error) {
	answer, err := fetch(ctx, k)
	if err != nil {
		return nil, err
	}
	if answer.Entry == nil {
		return c.PutMissing(k, answer.Version), nil
	}
	c.PutCell(answer.Entry.Cell)
	return c.Put(answer.Entry.Tenant), nil
}
