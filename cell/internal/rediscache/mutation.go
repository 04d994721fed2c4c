package rediscache

import (
	"context"
	_ "embed"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

var (
	//go:embed before.lua
	beforeSource string
	//go:embed after.lua
	afterSource string

	beforeScript = redis.NewScript(beforeSource)
	afterScript  = redis.NewScript(afterSource)
)

// writerLife is how long a writer that died keeps its tenant's answers from
// being remembered; no commit takes as long.
const writerLife = 90 * time.Second

// Before is called when a transaction is about to commit. If Redis does not
// answer, [Cache.After] has to be told all the same.
func (c *Cache) Before(ctx context.Context, m cell.Mutation) {
	_ = c.try(ctx, patience*c.timeout, func(ctx context.Context) error {
		return beforeScript.Run(ctx, c.client, mutationKeys(m), m.ID[:], writerLife.Milliseconds()).Err()
	})
}

// After is called when the transaction is over, whether or not it is known to
// have committed. What Redis cannot be told now it is told later, and until
// then this process answers nothing from memory for that tenant.
func (c *Cache) After(ctx context.Context, m cell.Mutation) {
	// The request may be over; its write is not undone by that.
	if !c.try(context.WithoutCancel(ctx), patience*c.timeout, func(ctx context.Context) error { return c.after(ctx, m) }) {
		c.untold.add(m)
	}
}

func (c *Cache) after(ctx context.Context, m cell.Mutation) error {
	return afterScript.Run(ctx, c.client, mutationKeys(m), m.ID[:]).Err()
}

func mutationKeys(m cell.Mutation) []string {
	keys := []string{writersKey(m.Tenant), dataKey(m.Tenant)}
	if m.Rights {
		keys = append(keys, rightsKey(m.Tenant))
	}
	return keys
}

// dropTimeout bounds [Cache.Drop], which no tenant waits for.
const dropTimeout = 2 * time.Second

// retryDrop is when a failed Drop is worth another try.
const retryDrop = time.Second

// Drop forgets everything about a tenant that this cell opens, freezes or
// leaves. It may be repeated. Unlike everything else here it does not fail
// silently: a tenant that departs must not be answered for from memory.
func (c *Cache) Drop(ctx context.Context, id tenancy.ID) error {
	ctx, cancel := context.WithTimeout(ctx, dropTimeout)
	defer cancel()
	if err := c.client.Del(ctx, dataKey(id), rightsKey(id), writersKey(id)).Err(); err != nil {
		c.untold.add(cell.Mutation{Tenant: id, Rights: true})
		return fault.Wrap(err, fault.Unavailable, "the cell's Redis does not answer, so old answers cannot be forgotten; try again").After(retryDrop)
	}
	return nil
}
