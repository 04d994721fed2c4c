package tenantcache

import (
	"sync/atomic"
	"time"
)

// age says which entries nobody vouched for lately: neither a feed by its
// silence, nor an answer.
type age struct {
	limit time.Duration // 0: none is ever too old
	now   func() time.Time
	fresh atomic.Bool
	until atomic.Int64 // the last moment when it was fresh, Unix nanoseconds
}

func (g *age) init(opts Options) {
	g.now = opts.Now
	if opts.Fetch != nil {
		g.limit = opts.RevalidateAfter
	}
}

func (g *age) setFresh(fresh bool) {
	if g.fresh.Load() && !fresh {
		g.until.Store(g.now().UnixNano())
	}
	g.fresh.Store(fresh)
}

// old reports whether what was confirmed at that time is too old.
func (g *age) old(confirmed int64) (now int64, old bool) {
	if g.limit <= 0 || g.fresh.Load() {
		return 0, false
	}
	now = g.now().UnixNano()
	return now, now-max(confirmed, g.until.Load()) >= int64(g.limit)
}
