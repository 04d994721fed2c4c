package citus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// once begins a write with a key: it adds a workspace of the given name.
func (db *database) once(ctx context.Context, call *cell.Call, key, name string) (cell.Open, error) {
	call.Once = &cell.Once{Key: key, Fingerprint: keyHash(name)}
	_, err := db.store.CreateWorkspace(ctx, call, cell.Workspace{ID: newID(), Name: name}, entry("workspace.created"))
	return call.Once.Open, err
}

// addOnce is once, answered as the API would.
func (db *database) addOnce(ctx context.Context, call *cell.Call, key, name string) error {
	open, err := db.once(ctx, call, key, name)
	if open == nil {
		return err
	}
	status := 201
	if err != nil {
		status = fault.CodeOf(err).Status()
	}
	return errors.Join(err, open.Finish(ctx, cell.Answer{Status: status, ETag: `"v1"`, Location: "/" + name, MediaType: "text/plain", Body: []byte(name)}))
}

func replayed(err error, status int, name string) bool {
	var r *cell.Replayed
	return errors.As(err, &r) && r.Answer.Status == status && r.Answer.ETag == `"v1"` && r.Answer.Location == "/"+name &&
		r.Answer.MediaType == "text/plain" && string(r.Answer.Body) == name
}

func (db *database) workspaces(t *testing.T, a cell.Arrival) int {
	t.Helper()
	return len(query(t, db.dsn, `SELECT name FROM workspaces WHERE tenant_id = $1`, a.TenantID.String()))
}

func TestRoundTripsWithAKey(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	meter := newMeter(t, dsn)
	db := openAt(t, dsn, testkit.DSNAs(t, meter.dsn, citus.AppRole, passwords.App), 1)
	for caller, calls := range callers {
		a := db.live(t)
		call := func() *cell.Call { return calls(t, db, a)(cell.WorkspacesWrite) }
		must(t, db.addOnce(t.Context(), call(), "warm", "warm"))
		db.used(t, a)
		for _, c := range []struct {
			name, key, workspace string
			ok                   func(error) bool
		}{
			{"first", "k", "one", func(err error) bool { return err == nil }},
			{"again", "k", "one", func(err error) bool { return replayed(err, 201, "one") }},
			{"other request", "k", "two", func(err error) bool { return fault.CodeOf(err) == fault.KeyReused }},
			{"refused", "l", "ONE", func(err error) bool { return fault.CodeOf(err) == fault.Conflict }},
			{"refused again", "l", "ONE", func(err error) bool { return replayed(err, 409, "ONE") }},
		} {
			before := meter.turns()
			err := db.addOnce(t.Context(), call(), c.key, c.workspace)
			if turns := meter.turns() - before; turns != 2 || !c.ok(err) {
				t.Errorf("%s, %s: %d round trips, %v", caller, c.name, turns, err)
			}
		}
		if n := db.workspaces(t, a); n != 2 {
			t.Errorf("%s: %d workspaces", caller, n)
		}
	}
}

func TestKeysAreTheirCallersOwn(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	owner := db.owner(t, a)
	for i, call := range []*cell.Call{
		by(a, cell.WorkspacesWrite), by(other, cell.WorkspacesWrite), holding(a, userToken(owner), cell.WorkspacesWrite),
		holding(a, machineToken(cell.Owner), cell.WorkspacesWrite), db.withUser(t, a, cell.Admin),
	} {
		call.Permission = cell.WorkspacesWrite
		if err := db.addOnce(t.Context(), call, "k", fmt.Sprint("w", i)); err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	viewer := db.withUser(t, a, cell.Viewer)
	viewer.Permission = cell.WorkspacesWrite
	if err := db.addOnce(t.Context(), viewer, "k", "x"); fault.CodeOf(err) != fault.Forbidden || viewer.Once.Open != nil {
		t.Errorf("a viewer: %v", err)
	}
	must(t, db.mover.CloseGate(t.Context(), a.TenantID))
	call := by(a, cell.WorkspacesWrite)
	var refused *cell.Refused
	if err := db.addOnce(t.Context(), call, "k", "w0"); !errors.As(err, &refused) || call.Once.Open != nil {
		t.Errorf("behind a closed gate: %v", err)
	}
}

// Of a crowd with one key exactly one executes, also if some of those that do
// fail in the end.
func TestCrowdWithOneKey(t *testing.T) {
	t.Parallel()
	db, _ := pooled(t, 4)
	a := db.live(t)
	for round := range 10 {
		key := fmt.Sprint("key ", round)
		var executed, repeated, abandoned atomic.Int64
		var crowd sync.WaitGroup
		for i := range 12 {
			crowd.Go(func() {
				call := by(a, cell.WorkspacesWrite)
				if i < 3 { // these fail before they can answer
					if open, err := db.once(t.Context(), call, key, key); err == nil {
						abandoned.Add(1)
						open.Abandon(t.Context())
					}
					return
				}
				switch err := db.addOnce(t.Context(), call, key, key); {
				case err == nil:
					executed.Add(1)
				case replayed(err, 201, key):
					repeated.Add(1)
				default:
					t.Errorf("neither executed nor repeated: %v", err)
				}
			})
		}
		crowd.Wait()
		if executed.Load() != 1 || repeated.Load() != 8 || db.workspaces(t, a) != round+1 {
			t.Errorf("%d executed, %d repeated, %d abandoned, %d workspaces", executed.Load(), repeated.Load(), abandoned.Load(), db.workspaces(t, a))
		}
	}
}

func TestDuplicateWaitsThenGivesUp(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	first, err := db.once(t.Context(), by(a, cell.WorkspacesWrite), "k", "one")
	must(t, err)
	err = db.addOnce(t.Context(), by(a, cell.WorkspacesWrite), "k", "one")
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Conflict || f.RetryAfter == 0 {
		t.Errorf("while the first is executed: %v", err)
	}
	waiting := make(chan error)
	go func() { waiting <- db.addOnce(t.Context(), by(a, cell.WorkspacesWrite), "k", "one") }()
	waiters := `SELECT count(*)::text FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'
		AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`
	if testkit.OnCitus(t) { // there they wait on the worker
		waiters = `SELECT count(*)::text FROM citus_lock_waits`
	}
	testkit.Eventually(t, "the second waits", func() bool { return query(t, db.dsn, waiters)[0] == "1" })
	must(t, first.Finish(t.Context(), cell.Answer{Status: 201, ETag: `"v1"`, Location: "/one", MediaType: "text/plain", Body: []byte("one")}))
	if err := <-waiting; !replayed(err, 201, "one") {
		t.Errorf("after the first was answered: %v", err)
	}
	if err := first.Finish(t.Context(), cell.Answer{Status: 201}); err == nil {
		t.Error("it was finished twice")
	}
	first.Abandon(t.Context()) // does nothing now
	if n := db.workspaces(t, a); n != 1 {
		t.Errorf("%d workspaces", n)
	}
}

// Whatever is repeated, refused, abandoned or answered for nobody: each key's
// write took effect at most once, and its answer never changes.
func TestRepetitionsAgainstAModel(t *testing.T) {
	t.Parallel()
	db := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		a := db.live(t)
		answered := map[string]string{} // key → name of what it made, or was refused to make
		status := map[string]int{}
		names := map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key")
			name := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "name")
			if rapid.Bool().Draw(rt, "abandon") {
				if open, _ := db.once(t.Context(), by(a, cell.WorkspacesWrite), key, name); open != nil {
					open.Abandon(t.Context())
				}
				continue
			}
			err := db.addOnce(t.Context(), by(a, cell.WorkspacesWrite), key, name)
			made, before := answered[key]
			switch {
			case before && made != name:
				if fault.CodeOf(err) != fault.KeyReused {
					rt.Fatalf("another request: %v", err)
				}
			case before:
				if !replayed(err, status[key], name) {
					rt.Fatalf("repeated: %v", err)
				}
			case names[name]:
				if fault.CodeOf(err) != fault.Conflict {
					rt.Fatalf("the name is taken: %v", err)
				}
				answered[key], status[key] = name, 409
			default:
				if err != nil {
					rt.Fatalf("first: %v", err)
				}
				answered[key], status[key], names[name] = name, 201, true
			}
		}
		if n := db.workspaces(t, a); n != len(names) {
			rt.Fatalf("%d workspaces, want %d", n, len(names))
		}
	})
}

func TestAnswersAreForgotten(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, frozen := db.live(t), db.live(t)
	for i := range 3 {
		must(t, db.addOnce(t.Context(), by(a, cell.WorkspacesWrite), fmt.Sprint("k", i), fmt.Sprint("w", i)),
			db.addOnce(t.Context(), by(frozen, cell.WorkspacesWrite), fmt.Sprint("k", i), fmt.Sprint("w", i)))
	}
	query(t, db.dsn, `INSERT INTO idempotency_keys (tenant_id, caller, key, fingerprint, status, created_at)
		SELECT $1::uuid, sha256('x'), n::text, sha256('x'), 200, now() - interval '25 hours' FROM generate_series(1, 2500) n RETURNING 'x'`, a.TenantID.String())
	query(t, db.dsn, `UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'k0' RETURNING 'x'`)
	db.freeze(t, frozen, time.Hour)
	n, err := db.mover.ForgetAnswers(t.Context())
	if err != nil || n != 2501 {
		t.Errorf("forgot %d, %v", n, err)
	}
	left := query(t, db.dsn, `SELECT key FROM idempotency_keys WHERE tenant_id = $1`, a.TenantID.String())
	kept := query(t, db.dsn, `SELECT key FROM idempotency_keys WHERE tenant_id = $1`, frozen.TenantID.String())
	if len(left) != 2 || len(kept) != 3 {
		t.Errorf("left %v, of the frozen tenant %v", left, kept)
	}
	if n, err := db.mover.ForgetAnswers(t.Context()); n != 0 || err != nil {
		t.Errorf("then %d, %v", n, err)
	}
}
