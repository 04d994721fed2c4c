package migration_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/migration"
)

// accident is what happens to a worker at its n-th call.
type accident string

const (
	killedBefore accident = "killed before"  // the call has no effect, nor has any later one
	killedAfter  accident = "killed after"   // the call has its effect, and nobody learns of it
	panicked     accident = "panicked"       // the process dies with the goroutine
	cancelled    accident = "cancelled"      // the caller is gone; the process lives
	overtaken    accident = "overtaken"      // the lease runs out: another worker does all there is to do, then this call is made
	overtakenHot accident = "overtaken, hot" // likewise, after the call
)

// victim meets its accident at call number at; calls counts them.
type victim struct {
	what      accident
	at, calls int
	dead      bool
	cancel    context.CancelFunc
	overtake  func()
	mu        sync.Mutex
}

func (v *victim) hook(call func() error) error {
	v.mu.Lock()
	v.calls++
	now, dead := v.calls == v.at, v.dead
	v.dead = dead || now && (v.what == killedBefore || v.what == killedAfter)
	v.mu.Unlock()
	switch {
	case dead:
		return errDead
	case !now:
		return call()
	}
	switch v.what {
	case killedAfter:
		_ = call() // nobody is left to see how it went
		v.cancel()
		return errDead
	case panicked:
		if !strings.Contains(string(debug.Stack()), "errgroup") { // where nobody could recover for the test
			panic(errDead)
		}
	case cancelled:
		v.cancel()
		return call()
	case overtaken:
		v.overtake()
		return call()
	case overtakenHot:
		err := call()
		v.overtake()
		return err
	}
	v.cancel()
	return errDead
}

// suffer has one worker meet its accident in the migration, which it takes up
// as it stands. It returns how many calls the worker made.
func (c *course) suffer(what accident, at int) int {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.t.Context()))
	defer cancel()
	v := &victim{what: what, at: at, cancel: cancel, overtake: func() {
		c.skip(20 * time.Second)
		_ = c.worker(nil).Work(context.WithoutCancel(ctx), c.id)
	}}
	func() {
		defer func() {
			if p := recover(); p != nil && !isDeath(p) {
				panic(p)
			}
		}()
		_ = c.worker(v.hook).Work(ctx, c.id)
	}()
	return v.calls
}

func isDeath(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, errDead)
}

// A worker that meets an accident at any of its calls, on the way there, in the
// window or on the way back, leaves a migration that the next worker finishes:
// the tenant lives in exactly one cell, and has every write that was acknowledged.
func TestMigrationsConvergeAfterAnyAccidentAtAnyCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, stride := 0, 1
	if testing.Short() {
		stride = 3
	}
	for _, c := range []struct {
		name    string
		upTo    func(*course)
		order   order
		cell    string
		epoch   uint64
		ends    controlplane.MigrationPhase
		fewest  int
		aborted bool // may also end as if nothing had been
	}{
		{"there", func(*course) {}, endWindow, "cell-b", 2, controlplane.MigrationCompleted, 20, false},
		{"cleaning", func(c *course) { c.toWindow(); c.must(c.give(endWindow)) }, endWindow, "cell-b", 2, controlplane.MigrationCompleted, 6, false},
		{"back", func(c *course) { c.toWindow(); c.must(c.give(rollBack)) }, rollBack, "cell-a", 3, controlplane.MigrationRolledBack, 15, false},
		{"aborting", func(c *course) { c.toFreeze(); c.must(c.give(abortIt)) }, endWindow, "cell-a", 1, controlplane.MigrationAborted, 5, false},
		{"keeping", func(c *course) { c.toWindow(); c.must(c.give(rollBack)); c.toFreeze(); c.must(c.give(keepIt)) }, endWindow, "cell-b", 2, controlplane.MigrationCompleted, 8, false},
	} {
		probe := w.begin("probe-" + c.name)
		c.upTo(probe)
		calls := probe.suffer("", 0)
		if calls < c.fewest {
			t.Fatalf("%s: only %d calls: is everything counted?", c.name, calls)
		}
		for i, what := range []accident{killedBefore, killedAfter, panicked, cancelled, overtaken, overtakenHot} {
			for at := 1 + i%stride; at <= calls; at += stride {
				n++
				m := w.begin(fmt.Sprintf("t%d", n))
				m.name = fmt.Sprintf("%s, %s at call %d of %d", c.name, what, at, calls)
				c.upTo(m)
				m.suffer(what, at)
				if got := m.finish(c.order); got.Phase != c.ends {
					t.Errorf("%s: ended %s: %s", m.name, got.Phase, got.Record.Failure)
				}
				m.settled(c.cell, c.epoch)
				if t.Failed() {
					t.Fatalf("%s: steps: %q", m.name, m.steps)
				}
			}
		}
	}
}

var (
	abortIt = order{"abort", func(s migration.Service, ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
		return s.Abort(ctx, id, "test")
	}}
	keepIt = order{"keep", abortIt.give}
)

func (c *course) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
}

// toWindow brings the migration into its rollback window.
func (c *course) toWindow() {
	c.t.Helper()
	c.must(c.worker(nil).Work(c.t.Context(), c.id))
	if m := c.now(); m.Phase != controlplane.MigrationSettling {
		c.t.Fatalf("%s: is %s: %s", c.name, m.Phase, m.Record.Failure)
	}
	c.skip(20 * time.Second)
}

// toFreeze lets a worker die in the write pause: behind the freeze, before the seal.
func (c *course) toFreeze() {
	c.t.Helper()
	dead := errors.New("not yet")
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	o := c.worker(func(call func() error) error {
		if ctx.Err() != nil {
			return dead
		}
		err := call()
		if c.now().FreezeNo > 0 && (c.state("cell-a") == "frozen" || c.state("cell-b") == "frozen") {
			cancel()
		}
		return err
	})
	_ = o.Work(ctx, c.id)
	c.skip(20 * time.Second)
}
