package migration_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/shared/fault"
)

// restore tells that a cell was restored from a backup.
func restore(step, cell string) order {
	return order{step, func(s migration.Service, ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
		if _, err := s.Restored(ctx, cell); err != nil {
			return controlplane.Migration{}, err
		}
		return s.Get(ctx, id)
	}}
}

// What a restored cell has under way ends: what is not committed is undone, a
// rollback is given up, and what is committed goes on.
func TestMovesOfARestoredCellEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name  string
		upTo  func(*course)
		step  string
		cell  string // that is restored
		ends  controlplane.MigrationPhase
		in    string
		epoch uint64
	}{
		{"before the freeze", func(c *course) { c.toFreeze() }, "abort", "cell-a", controlplane.MigrationAborted, "cell-a", 1},
		{"the target", func(c *course) { c.toFreeze() }, "", "cell-b", controlplane.MigrationAborted, "cell-a", 1},
		{"in the window", func(c *course) { c.toWindow() }, "", "cell-a", controlplane.MigrationCompleted, "cell-b", 2},
		{"on the way back", func(c *course) { c.toWindow(); c.must(c.give(rollBack)); c.toFreeze() }, "keep", "cell-a", controlplane.MigrationCompleted, "cell-b", 2},
	} {
		m := w.begin("r" + c.cell + c.step)
		m.name = c.name
		c.upTo(m)
		if c.cell == "cell-b" { // two steps of the model at once: abort, discard
			_, err := restore("", c.cell).give(w.service(), t.Context(), m.id)
			m.must(err)
			m.seen = ""
		} else {
			m.must(m.give(restore(c.step, c.cell)))
		}
		if exports, imports := w.cells[c.cell].Open(); exports != 0 || imports != 0 {
			t.Errorf("%s: %d exports and %d imports are open", c.name, exports, imports)
		}
		if got := m.finish(endWindow); got.Phase != c.ends {
			t.Errorf("%s: ended %s: %s", c.name, got.Phase, got.Record.Failure)
		}
		m.settled(c.in, c.epoch)
	}
	_, err := w.service().Restored(t.Context(), "cell-z")
	wantCode(t, "an unknown cell", err, fault.NotFound)
}
