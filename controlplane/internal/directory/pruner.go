package directory

import (
	"context"
	"time"
)

// Pruning is the log's end that may be cut off.
type Pruning interface {
	Prune(ctx context.Context, before time.Time, keep uint64) (removed int64, err error)
}

// Pruner keeps the change log from growing for ever. A reader that has been
// away for longer takes a snapshot.
type Pruner struct {
	Store Pruning
	Keep  uint64        // changes that are always kept
	Age   time.Duration // changes younger than this are kept
	Clock func() time.Time
}

// RunOnce cuts off what is old and relayed.
func (p *Pruner) RunOnce(ctx context.Context) error {
	_, err := p.Store.Prune(ctx, p.Clock().Add(-p.Age), p.Keep)
	return err
}
