package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Bounds of a turn.
const (
	pageSize  = 2000 // checkpoints; about 1.3 MB
	pagesMost = 20   // of one cell in one turn
	// overlap is how long before the last one that was seen the next turn begins: a
	// checkpoint is signed a moment before it is there to be seen.
	overlap = time.Minute
)

// Store keeps checkpoints. The consumer's own interface: a test can stop the
// collector between its steps.
type Store interface {
	// Cursor returns the moment from which on a cell is to be asked; zero: never asked.
	Cursor(ctx context.Context, cell string) (time.Time, error)
	// Kept returns, for those of the tenants that the directory has in the cell,
	// what is kept of them.
	Kept(ctx context.Context, cell string, tenants []tenancy.ID) (map[tenancy.ID]*controlplane.KeptCheckpoint, error)
	// Keep stores what changed together with the cell's cursor. What another
	// replica stored meanwhile and is newer stays.
	Keep(ctx context.Context, cell string, cursor time.Time, changed []*controlplane.KeptCheckpoint) error
}

// Cells lists cells.
type Cells interface {
	All(ctx context.Context) ([]controlplane.Cell, error)
}

// Source asks a cell for checkpoints that were signed then or later.
type Source interface {
	Checkpoints(ctx context.Context, cell string, since time.Time, limit int) ([]cellapi.Checkpoint, error)
}

// Collector fetches checkpoints from cells.
type Collector struct {
	Store   Store
	Cells   Cells
	Source  Source
	Master  []byte // of the cells' control keys, from which their signing keys come
	Clock   func() time.Time
	Log     *slog.Logger
	Suspect prometheus.Counter
}

// NewSuspectCounter returns the metric of logs that seem to have been cut off.
func NewSuspectCounter(registry prometheus.Registerer) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "controlplane_audit_suspects_total", Help: "Tenants whose audit log was found to be cut off, or signed by nobody, by its checkpoints.",
	})
	registry.MustRegister(c)
	return c
}

// RunOnce asks every cell. One that does not answer keeps only its own tenants'
// checkpoints from being kept.
func (c *Collector) RunOnce(ctx context.Context) error {
	cells, err := c.Cells.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, cell := range cells {
		if cell.State == directory.CellProvisioning {
			continue
		}
		if err := c.collect(ctx, cell.ID); err != nil {
			errs = append(errs, fmt.Errorf("checkpoints of %s: %w", cell.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Collector) collect(ctx context.Context, cell string) error {
	since, err := c.Store.Cursor(ctx, cell)
	if err != nil {
		return err
	}
	for range pagesMost {
		page, err := c.Source.Checkpoints(ctx, cell, since, pageSize)
		if err != nil {
			return err
		}
		changed, err := c.judge(ctx, cell, page)
		if err != nil {
			return err
		}
		next, whole := after(since, page)
		if err := c.Store.Keep(ctx, cell, next, changed); err != nil || whole {
			return err
		}
		since = next
	}
	return nil
}

// after returns where to go on behind a page, and whether it was the last.
func after(since time.Time, page []cellapi.Checkpoint) (next time.Time, whole bool) {
	if len(page) == 0 {
		return since, true
	}
	last := page[len(page)-1].SignedAt
	if len(page) < pageSize {
		if last = last.Add(-overlap); last.Before(since) {
			last = since
		}
		return last, true
	}
	if !last.After(since) { // a whole page of one moment
		last = since.Add(time.Microsecond)
	}
	return last, false
}

// judge returns what changes by a page.
func (c *Collector) judge(ctx context.Context, cell string, page []cellapi.Checkpoint) ([]*controlplane.KeptCheckpoint, error) {
	var tenants []tenancy.ID
	for _, checkpoint := range page {
		tenants = append(tenants, checkpoint.Tenant)
	}
	kept, err := c.Store.Kept(ctx, cell, tenants)
	if err != nil {
		return nil, err
	}
	touched := map[tenancy.ID]bool{}
	var changed []*controlplane.KeptCheckpoint
	for _, checkpoint := range page {
		k := kept[checkpoint.Tenant]
		if k == nil {
			continue // the directory has the tenant elsewhere
		}
		if !c.authentic(&checkpoint) {
			c.Log.ErrorContext(ctx, "a cell hands out a checkpoint that no cell signed", "cell", cell, "tenant", checkpoint.Tenant, "number", checkpoint.No)
			c.Suspect.Inc()
			continue
		}
		suspected := k.Suspicion != ""
		if !k.Take(checkpoint, c.Clock()) {
			continue
		}
		if k.Suspicion != "" && !suspected {
			c.Log.ErrorContext(ctx, "an audit log was cut off", "cell", cell, "tenant", checkpoint.Tenant, "reason", k.Suspicion)
			c.Suspect.Inc()
		}
		if !touched[checkpoint.Tenant] {
			touched[checkpoint.Tenant] = true
			changed = append(changed, k)
		}
	}
	return changed, nil
}

// authentic reports whether the cell that the checkpoint names signed it.
func (c *Collector) authentic(checkpoint *cellapi.Checkpoint) bool {
	key := cellapi.PublicHalf(cellapi.CheckpointKey(cellapi.DeriveKey(c.Master, checkpoint.Cell)))
	return bytes.Equal(key, checkpoint.PublicKey) && checkpoint.Genuine()
}
