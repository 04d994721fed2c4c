package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/coditect/platform/controlplane"
)

// Keeper reconciles cells that say of themselves that their database is another
// one, as after a failover. It does what the rules decide, and nothing if
// something is lost or disputed: that somebody has to look at first.
type Keeper struct {
	Service Service
	Log     *slog.Logger

	mu   sync.Mutex
	said map[string]bool // cells about which it has said that somebody is needed
}

// RunOnce is one turn. Any number of replicas may run it.
func (k *Keeper) RunOnce(ctx context.Context) error {
	cells, err := k.Service.Cells.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range cells {
		if !c.Heartbeat.Reconciling {
			k.note(c.ID, false)
			continue
		}
		if err := k.look(ctx, c.ID); err != nil {
			errs = append(errs, fmt.Errorf("cell %s: %w", c.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (k *Keeper) look(ctx context.Context, cell string) error {
	plan, err := k.Service.Plan(ctx, cell)
	if err != nil || plan.Standing.Serving { // its next heartbeat says so
		return err
	}
	if !plan.Clear() {
		if k.note(cell, true) {
			k.Log.ErrorContext(ctx, "a cell's database was restored, and tenants are lost or disputed: look at 'cellctl cell restored --dry-run'",
				"cell", cell, "lost", len(plan.Lost), "disputed", len(plan.Disputed))
		}
		return nil
	}
	plan, err = k.Service.Reconcile(controlplane.WithActor(ctx, controlplane.System), cell)
	if err == nil {
		k.Log.WarnContext(ctx, "a cell's database was another one; its fences agree with the directory again", "cell", cell, "fences", plan.Residents, "changed", len(plan.Orders))
	}
	return err
}

// note remembers that somebody is needed, and reports whether that is new.
func (k *Keeper) note(cell string, needed bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.said[cell]
	if k.said == nil {
		k.said = map[string]bool{}
	}
	k.said[cell] = needed
	return needed && !was
}
