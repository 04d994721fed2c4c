package tenantcache

import (
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Loader takes a snapshot into the cache; it is a [directory.BlockSink]. The
// snapshot must have been checked before: what is given to a Loader is known at
// once. One Loader works at a time.
type Loader struct {
	c       *Cache
	info    directory.SnapshotInfo
	all     bool
	mark    uint8
	decide  decision
	changed []int // in the current block
	at      int
	taken   int
}

// NewLoader begins to load a snapshot. All says whether tenants that are not
// cached are taken too; else only what is cached is brought up to date. The
// Loader copies what it keeps.
func (c *Cache) NewLoader(info directory.SnapshotInfo, all bool) *Loader {
	// From here on an answer that is older than the snapshot is asked for again.
	c.floor.Store(max(c.floor.Load(), info.Version))
	l := &Loader{c: c, info: info, all: all, mark: uint8(c.marks.Add(1)%255) + 1}
	l.decide = l.decideOne
	if t, ok := c.tenants.(*table); ok && all {
		t.reserve(int(info.Tenants))
	}
	return l
}

// Cell implements [directory.BlockSink].
func (l *Loader) Cell(cell directory.Cell) error {
	l.c.PutCell(cell)
	return nil
}

// Tenants implements [directory.BlockSink].
func (l *Loader) Tenants(block []directory.Assignment) error {
	l.at, l.changed = 0, l.changed[:0]
	l.c.tenants.update(block, l.mark, l.decide)
	for _, i := range l.changed {
		l.c.changed(&block[i])
	}
	return nil
}

func (l *Loader) decideOne(offered *directory.Assignment, known Entry, ok bool) *directory.Assignment {
	i := l.at
	l.at++
	switch {
	case !ok && !l.all:
		return nil
	case ok:
		l.taken++
		if known.Version >= offered.Version {
			return nil
		}
	default:
		l.taken++
		if next := l.c.news.newest(offered); next != offered {
			return next
		}
	}
	l.changed = append(l.changed, i)
	return offered
}

// Done drops what the snapshot does not have and returns how many tenants of it
// are cached. Call it only once the snapshot was read to its end.
func (l *Loader) Done() int {
	l.c.tenants.prune(l.info.Version, func(_ tenancy.ID, mark uint8) bool { return mark == l.mark })
	return l.taken
}
