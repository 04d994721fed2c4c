package tenantcache

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/coditect/platform/shared/directory"
)

const (
	// fetchTimeout bounds a fetch, which outlives the request that began it:
	// others wait for the same answer.
	fetchTimeout = 5 * time.Second
	// maxFetches bounds the keys asked for at once, so that random hosts cannot
	// take the control plane away from the tenants that are asked for.
	maxFetches = 1024
	// reservedFetches are for keys that are known: a tenant that moved is found
	// again even while strangers use up maxFetches.
	reservedFetches = 128
)

// ErrBusy says that too many keys are being asked for; nothing was asked.
var ErrBusy = errors.New("too many directory lookups at once")

// Answer is what the directory says of a key.
type Answer struct {
	Entry   *directory.Entry // nil: no tenant has the key
	Version uint64           // as of which that is so; 0: not said
}

// Fetch asks the directory for a key.
type Fetch func(ctx context.Context, k directory.Key) (Answer, error)

// Resolve returns what is known under k, asking the directory if nothing is.
// Requests that miss the same key at the same time share one fetch; each gives
// up when its own ctx ends. An error means that the directory did not answer.
//
// "No such tenant" is never believed beyond its time, not even while the
// directory is down: somebody may have signed up, and whoever is told that a
// tenant does not exist does not come back, as one does after "try again".
func (c *Cache) Resolve(ctx context.Context, k directory.Key, fetch Fetch) (Entry, error) {
	if e, ok := c.Get(k); ok {
		return e, nil
	}
	return c.shared(ctx, "?", k, func(k directory.Key) (Entry, error) {
		// Somebody's fetch may have ended just before this one began.
		if e, ok := c.look(k, c.hashOf(k)); ok {
			return e, nil
		}
		return c.admitted(k, fetch)
	})
}

// Refresh asks the directory for k whatever is known, sharing the fetch with
// others that do the same, and returns the newest entry then known.
func (c *Cache) Refresh(ctx context.Context, k directory.Key, fetch Fetch) (Entry, error) {
	return c.shared(ctx, "!", k, func(k directory.Key) (Entry, error) { return c.admitted(k, fetch) })
}

// shared runs ask once for all who want the same at the same time. It outlives
// the request that began it, and so takes nothing from ctx and has a key of its
// own.
func (c *Cache) shared(ctx context.Context, purpose string, k directory.Key, ask func(directory.Key) (Entry, error)) (Entry, error) {
	k.Value = strings.Clone(k.Value)
	result := c.flight.DoChan(purpose+string(k.Kind)+":"+k.Value, func() (any, error) { return ask(k) })
	select {
	case <-ctx.Done():
		return Entry{}, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return Entry{}, r.Err
		}
		return r.Val.(Entry), nil
	}
}

// admitted is fetch, for as many keys at once as may be.
func (c *Cache) admitted(k directory.Key, fetch Fetch) (Entry, error) {
	limit := int64(maxFetches)
	if _, known := c.tenants.get(k, c.hashOf(k)); known {
		limit += reservedFetches
	}
	defer c.inFlight.Add(-1)
	if c.inFlight.Add(1) > limit {
		c.refused.Add(1)
		return Entry{}, ErrBusy
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	return c.fetch(ctx, k, fetch)
}

// fetch asks, and asks once more if a snapshot was loaded meanwhile that is
// newer than the answer.
func (c *Cache) fetch(ctx context.Context, k directory.Key, fetch Fetch) (e Entry, err error) {
	for range 2 {
		c.fetches.Add(1)
		answer, err := fetch(ctx, k)
		if err != nil {
			return Entry{}, err
		}
		e = c.take(k, answer)
		if answer.Version == 0 || answer.Version >= c.floor.Load() {
			break
		}
	}
	return e, nil
}

func (c *Cache) take(k directory.Key, answer Answer) Entry {
	if answer.Entry == nil {
		c.bury(k, answer.Version)
		return c.PutMissing(k, answer.Version)
	}
	c.PutCell(answer.Entry.Cell)
	return c.Put(answer.Entry.Tenant)
}
