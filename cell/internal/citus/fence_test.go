package citus_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func TestFenceStates(t *testing.T) {
	t.Parallel()
	db := open(t)
	freeze := func(t *testing.T, a cell.Arrival) { db.freeze(t, a, time.Hour) }
	seal := func(t *testing.T, a cell.Arrival) { must(t, db.mover.Seal(t.Context(), a.TenantID, 1, 1)) }
	for _, c := range []struct {
		name        string
		into        func(*testing.T) cell.Arrival
		epoch       uint64
		read, write string // the tenant state of the refusal; "": passes
	}{
		{"absent", func(*testing.T) cell.Arrival { return arrival() }, 1, cellapi.StateAbsent, cellapi.StateAbsent},
		{"importing", func(t *testing.T) cell.Arrival {
			a := arrival()
			_, err := db.mover.Prepare(t.Context(), a, "test")
			must(t, err)
			return a
		}, 1, cellapi.StateImporting, cellapi.StateImporting},
		{"live", func(t *testing.T) cell.Arrival { return db.live(t) }, 1, "", ""},
		{"live, older epoch", func(t *testing.T) cell.Arrival { return db.live(t) }, 0, "", ""},
		{"live, newer epoch", func(t *testing.T) cell.Arrival { return db.live(t) }, 2, cellapi.StateUnknownEpoch, cellapi.StateUnknownEpoch},
		{"gate closed", func(t *testing.T) cell.Arrival {
			a := db.live(t)
			must(t, db.mover.CloseGate(t.Context(), a.TenantID))
			return a
		}, 1, "", cellapi.StateFrozen},
		{"frozen", func(t *testing.T) cell.Arrival { a := db.live(t); freeze(t, a); return a }, 1, "", cellapi.StateFrozen},
		{"sealed", func(t *testing.T) cell.Arrival { a := db.live(t); freeze(t, a); seal(t, a); return a }, 1, "", cellapi.StateFrozen},
		{"departed", func(t *testing.T) cell.Arrival {
			a := db.live(t)
			freeze(t, a)
			seal(t, a)
			must(t, db.mover.Depart(t.Context(), a.TenantID, 1, 1, "cell-b", 2))
			return a
		}, 1, cellapi.StateDeparted, cellapi.StateDeparted},
		{"thawed", func(t *testing.T) cell.Arrival {
			a := db.live(t)
			freeze(t, a)
			must(t, db.mover.Thaw(t.Context(), a.TenantID, 1, 1))
			return a
		}, 1, "", ""},
		{"removed", func(t *testing.T) cell.Arrival {
			a := db.live(t)
			must(t, db.mover.Remove(t.Context(), a.TenantID, 1))
			return a
		}, 1, cellapi.StateAbsent, cellapi.StateAbsent},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.into(t)
			read, write := by(a, cell.WorkspacesRead), by(a, cell.WorkspacesWrite)
			read.Epoch, write.Epoch = c.epoch, c.epoch
			_, err := db.store.ListWorkspaces(t.Context(), read, uuid.Nil, cell.PageRequest{Limit: 1})
			checkRefusal(t, "read", err, c.read)
			_, err = db.store.CreateWorkspace(t.Context(), write, cell.Workspace{ID: newID(), Name: "x"}, entry("workspace.created"))
			checkRefusal(t, "write", err, c.write)
			stored := query(t, db.dsn, `SELECT name FROM workspaces WHERE tenant_id = $1`, a.TenantID.String())
			if (len(stored) == 0) != (c.write != "") {
				t.Errorf("stored %v although the write answered %v", stored, err)
			}
		})
	}
}

func checkRefusal(t *testing.T, what string, err error, want string) {
	t.Helper()
	var refused *cell.Refused
	if want == "" && err == nil {
		return
	}
	if !errors.As(err, &refused) || refused.TenantState != want {
		t.Errorf("%s: %v, want %q", what, err, want)
		return
	}
	code := fault.Unavailable
	if want == cellapi.StateAbsent || want == cellapi.StateDeparted {
		code = fault.TenantMoved
	}
	if fault.CodeOf(err) != code {
		t.Errorf("%s: code %s, want %s", what, fault.CodeOf(err), code)
	}
	if want == cellapi.StateDeparted && (refused.Cell != "cell-b" || refused.Epoch != 2) {
		t.Errorf("%s: departed to %q at %d", what, refused.Cell, refused.Epoch)
	}
}

// A crowd of writers neither starves a freeze nor gets a write past it.
func TestFreezeAgainstACrowd(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	var writers sync.WaitGroup
	var stop atomic.Bool
	var acknowledged atomic.Int64
	for w := range 12 {
		writers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				_, err := db.addWorkspace(t.Context(), a, fmt.Sprintf("%d-%d", w, n))
				var refused *cell.Refused
				switch {
				case err == nil:
					acknowledged.Add(1)
				case !errors.As(err, &refused) || refused.TenantState != cellapi.StateFrozen:
					t.Errorf("write: %v", err)
					return
				}
			}
		})
	}
	testkit.Eventually(t, "some writes", func() bool { return acknowledged.Load() > 50 })
	db.freeze(t, a, time.Hour)
	frozen := query(t, db.dsn, `SELECT count(*)::text FROM workspaces WHERE tenant_id = $1`, a.TenantID.String())[0]
	stop.Store(true)
	writers.Wait()
	after := query(t, db.dsn, `SELECT count(*)::text FROM workspaces WHERE tenant_id = $1`, a.TenantID.String())[0]
	if frozen != after || after != fmt.Sprint(acknowledged.Load()) {
		t.Errorf("%s rows when the freeze held, %s afterwards, %d acknowledged", frozen, after, acknowledged.Load())
	}
}

func TestFreezeEndsByItself(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, b := db.live(t), db.live(t)
	ctx := t.Context()
	db.freeze(t, a, time.Millisecond)
	must(t, db.mover.CloseGate(ctx, b.TenantID)) // and nobody ever freezes it
	if _, err := db.addWorkspace(ctx, a, "too early"); err == nil {
		t.Error("a write passed a freeze that nobody had ended")
	}
	testkit.Eventually(t, "the end of the freeze", func() bool {
		n, err := db.mover.ExpireFreezes(ctx)
		must(t, err)
		return n == 1
	})
	if n, err := db.mover.ReopenGates(ctx, time.Hour); n != 0 || err != nil {
		t.Errorf("reopened %d within the grace, %v", n, err)
	}
	if n, err := db.mover.ReopenGates(ctx, 0); n != 1 || err != nil {
		t.Errorf("reopened %d, %v", n, err)
	}
	for _, tenant := range []cell.Arrival{a, b} {
		if _, err := db.addWorkspace(ctx, tenant, "open again"); err != nil {
			t.Error(err)
		}
	}
	if err := db.mover.Seal(ctx, a.TenantID, 1, 1); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("sealed a freeze that had ended: %v", err)
	}
	if again := db.freeze(t, a, time.Hour); again.No != 2 {
		t.Errorf("freeze number %d was used twice", again.No)
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
