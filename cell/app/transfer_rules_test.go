package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

// Whatever differs is found: one bit, one row too few or too many, one row under
// another tenant's id.
func TestVerificationFindsEveryDifference(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn, other := source.signUp(t), target.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	source.addProjects(t, tn, workspace, 300)
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	m.mustVerify(target)
	one := fmt.Sprintf(`tenant_id = '%s' AND project_id = (SELECT project_id FROM projects WHERE tenant_id = '%s' ORDER BY project_id LIMIT 1)`, tn.id, tn.id)
	target.sql(t, `CREATE TABLE kept AS SELECT * FROM projects WHERE `+one)
	// Citus changes no tenant_id of a row: it is put under another tenant, which has such a workspace.
	target.sql(t, `CREATE TABLE there AS SELECT * FROM workspaces WHERE workspace_id = '`+workspace+`'`,
		`UPDATE there SET tenant_id = '`+other.id.String()+`'`, `INSERT INTO workspaces SELECT * FROM there`)
	for name, damage := range map[string][2]string{
		"one bit": {`UPDATE projects SET description = 'y' || substr(description, 2) WHERE ` + one, `UPDATE projects SET description = 'x' || substr(description, 2) WHERE ` + one},
		"missing": {`DELETE FROM projects WHERE ` + one, `INSERT INTO projects SELECT * FROM kept`},
		"extra": {
			`INSERT INTO projects SELECT tenant_id, gen_random_uuid(), workspace_id, 'extra', description, status FROM kept`,
			fmt.Sprintf(`DELETE FROM projects WHERE tenant_id = '%s' AND name = 'extra'`, tn.id),
		},
		"another tenant's": {
			`UPDATE kept SET tenant_id = '` + other.id.String() + `'; INSERT INTO projects SELECT * FROM kept; DELETE FROM projects WHERE ` + one,
			`UPDATE kept SET tenant_id = '` + tn.id.String() + `'; INSERT INTO projects SELECT * FROM kept; DELETE FROM projects WHERE tenant_id = '` + other.id.String() + `'`,
		},
	} {
		target.sql(t, strings.Split(damage[0], "; ")...)
		v := m.verify(target)
		if v.Equal {
			t.Errorf("%s was not found", name)
		}
		for _, table := range v.Tables {
			if table.Equal == (table.Name == "projects") {
				t.Errorf("%s: table %s: equal %v", name, table.Name, table.Equal)
			}
		}
		target.sql(t, strings.Split(damage[1], "; ")...)
		m.mustVerify(target)
	}
}

// A verification of what changed finds damage to a row that changed since the last
// one, and has nothing left for the drain but what changes after it.
func TestVerificationOfWhatChanged(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	changed := func() (v api.Verification) {
		m.call(target, "POST", m.imports()+"/verify?scope=changed", nil, &v)
		return v
	}
	whole := changed() // nothing was verified before: it is of everything
	add := func(name string) {
		expect(t, source.addProject(t, tn, 1, workspace, name), http.StatusCreated)
		testkit.Eventually(t, "the row "+name, func() bool { return strings.Contains(target.dump(t, "projects", tn), name) })
	}
	add("second")
	if v := changed(); !v.Equal || len(v.Tables) != len(whole.Tables) {
		t.Errorf("%+v, before %+v", v, whole)
	}
	add("third")
	target.sql(t, `UPDATE projects SET description = 'damaged' WHERE name = 'second'`) // compared already: nobody looks again
	f := m.freeze(source, 1, time.Minute)
	if d := m.drain(target, f); !d.Equal || d.RecheckedRows < 1 || d.RecheckedRows > 20 {
		t.Errorf("what changed after the verification: %+v", d)
	}
	m.call(source, "POST", "/thaw", map[string]any{"epoch": 1, "freeze_no": f.FreezeNo}, &api.Residence{})
	target.sql(t, `UPDATE projects SET description = 'damaged' WHERE name = 'third'`)
	if v := changed(); v.Equal || len(v.Tables) >= len(whole.Tables) {
		t.Errorf("the damage was not found: %+v", v)
	}
	if v := changed(); v.Equal || len(v.Tables) != len(whole.Tables) { // behind a difference everything is compared
		t.Errorf("the damage was not found again: %+v", v)
	}
}

// What changes between verification and freeze is compared again.
func TestDrainComparesWhatChangedSince(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	f := m.freeze(source, 1, time.Minute)
	drain := map[string]any{"position": f.Position, "timeout_ms": 10_000, "recheck": true}
	expect(t, m.call(target, "POST", m.imports()+"/drain", drain, nil), http.StatusConflict) // not verified
	m.call(source, "POST", "/thaw", map[string]any{"epoch": 1, "freeze_no": f.FreezeNo}, &api.Residence{})
	m.mustVerify(target)
	expect(t, source.addProject(t, tn, 1, workspace, "later"), http.StatusCreated)
	testkit.Eventually(t, "the later row", func() bool { return target.dump(t, "projects", tn) != "" })
	target.sql(t, `UPDATE projects SET description = 'damaged'`)
	f = m.freeze(source, 1, time.Minute)
	if d := m.drain(target, f); d.Equal || d.RecheckedRows < 1 {
		t.Errorf("the damage was not found: %+v", d)
	}
}

// A freeze that ended between drain and seal is not sealed, and the tenant goes
// on writing.
func TestSealRefusesAFreezeThatEnded(t *testing.T) {
	t.Parallel()
	source := shared()
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	m := newMove(t, source, source, tn, 1)
	f := m.freeze(source, 1, 100*time.Millisecond)
	testkit.Eventually(t, "the end of the freeze", func() bool {
		return source.texts(t, `SELECT state FROM tenants WHERE tenant_id = $1`, tn.id.String())[0] == "live"
	})
	expect(t, m.call(source, "POST", "/seal", map[string]any{"epoch": 1, "freeze_no": f.FreezeNo}, nil), http.StatusConflict)
	expect(t, source.addProject(t, tn, 1, workspace, "goes on"), http.StatusCreated)
	m.call(source, "POST", "/thaw", map[string]any{"epoch": 1, "freeze_no": f.FreezeNo}, &api.Residence{}) // too late, and no error
	again := m.freeze(source, 1, time.Minute)
	repeated := m.freeze(source, 1, time.Minute)
	if again.FreezeNo != f.FreezeNo+1 || repeated.FreezeNo != again.FreezeNo || !repeated.FrozenUntil.Equal(again.FrozenUntil) {
		t.Errorf("%+v, then %+v, then %+v", f, again, repeated)
	}
	other := newMove(t, source, source, tn, 1)
	body := map[string]any{"epoch": 1, "migration_id": other.id, "for_ms": 1000}
	expect(t, m.call(source, "POST", "/freeze", body, nil), http.StatusConflict)
	m.call(source, "POST", "/seal", map[string]any{"epoch": 1, "freeze_no": again.FreezeNo}, &api.Residence{})
	m.call(source, "POST", "/thaw", map[string]any{"epoch": 1, "freeze_no": again.FreezeNo}, &api.Residence{})
	expect(t, source.addProject(t, tn, 1, workspace, "thawed"), http.StatusCreated)
}

// A write that began before the freeze is either in the log before the freeze's
// position, or the freeze gives up and the tenant goes on.
func TestFreezeAndAnOpenTransaction(t *testing.T) {
	t.Parallel()
	source := start(t, nil)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	m := newMove(t, source, source, tn, 1)
	conn, err := pgx.Connect(t.Context(), source.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM tenants WHERE tenant_id = $1 FOR SHARE`, tn.id.String()); err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"epoch": 1, "migration_id": m.id, "for_ms": 200}
	expect(t, m.call(source, "POST", "/freeze", body, nil), http.StatusServiceUnavailable)
	expect(t, source.addProject(t, tn, 1, workspace, "the gate is open again"), http.StatusCreated)
	frozen := make(chan api.Freeze, 1)
	go func() { frozen <- m.freeze(source, 1, time.Minute) }()
	testkit.Eventually(t, "a freeze that waits", func() bool {
		return source.texts(t, `SELECT open::text FROM tenant_gate WHERE tenant_id = $1`, tn.id.String())[0] == "false"
	})
	if _, err := tx.Exec(t.Context(), `UPDATE workspaces SET description = 'late' WHERE tenant_id = $1`, tn.id.String()); err != nil {
		t.Fatal(err)
	}
	var written string
	if err := tx.QueryRow(t.Context(), `SELECT pg_current_wal_insert_lsn()::text`).Scan(&written); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := cell.ParsePosition(written)
	if f := <-frozen; err != nil || f.FreezeNo != 1 || f.Position <= before {
		t.Errorf("froze at %s, written at %s, %v", f.Position, before, err)
	}
}

// Slots that nobody owns go away, and so does what a killed maker left.
func TestOrphanedSlotsAreDropped(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	slots := `SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()`
	if found := source.texts(t, slots); len(found) != 1 || !strings.Contains(found[0], strings.ReplaceAll(m.id.String(), "-", "")) {
		t.Fatalf("slots %v", found)
	}
	source.sql(t, `DELETE FROM exports`) // as if its record had never been committed
	testkit.Eventually(t, "no slot and no publication", func() bool {
		return len(source.texts(t, slots))+len(source.texts(t, `SELECT pubname::text FROM pg_publication`)) == 0
	})
	m.openExport()
	if a := m.call(source, "DELETE", m.exports(), nil, nil); a.status != http.StatusNoContent {
		t.Errorf("%d %s", a.status, a.body)
	}
	if left := source.texts(t, slots); len(left) != 0 {
		t.Errorf("slots %v", left)
	}
	expect(t, m.call(source, "DELETE", m.exports(), nil, nil), http.StatusNoContent)
}

// A target that falls behind costs the source a bounded amount of log.
func TestRetainedLogIsBounded(t *testing.T) {
	t.Parallel()
	source := start(t, func(o *app.APIOptions) { o.Cell, o.RetainedLog = "cell-a", 2<<20 })
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	m := newMove(t, source, source, tn, 1)
	m.openExport()
	testkit.Eventually(t, "the export's end", func() bool {
		source.addProjects(t, tn, source.addWorkspace(t, tn, fmt.Sprint(time.Now().UnixNano())), 2000)
		var e api.Export
		m.call(source, "GET", m.exports(), nil, &e)
		return e.State == api.ExportStateFailed && e.Failure != nil
	})
	testkit.Eventually(t, "no slot", func() bool {
		return len(source.texts(t, `SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()`)) == 0
	})
	expect(t, source.addProject(t, tn, 1, workspace, "nobody noticed"), http.StatusCreated)
}

// A table that nobody thought of for migrations is refused by name; too many
// exports are refused by number.
func TestExportsAreRefused(t *testing.T) {
	t.Parallel()
	source := start(t, func(o *app.APIOptions) { o.Cell = "cell-a" })
	tn := source.signUp(t)
	m := newMove(t, source, source, tn, 1)
	body := map[string]any{"epoch": 1, "target_cell": "cell-b"}
	source.sql(t, `CREATE TABLE forgotten (tenant_id uuid NOT NULL, note text)`)
	a := expect(t, m.call(source, "PUT", m.exports(), body, nil), http.StatusConflict)
	if !strings.Contains(a.text("detail"), "forgotten") || !strings.Contains(a.text("detail"), "COMMENT ON TABLE") {
		t.Errorf("%s", a.body)
	}
	source.sql(t, `COMMENT ON TABLE forgotten IS 'tenancy: tenant'`)
	if a := expect(t, m.call(source, "PUT", m.exports(), body, nil), http.StatusConflict); !strings.Contains(a.text("detail"), "primary key") {
		t.Errorf("%s", a.body)
	}
	source.sql(t, `DROP TABLE forgotten`)
	expect(t, m.call(source, "PUT", m.exports(), map[string]any{"epoch": 2, "target_cell": "cell-b"}, nil), http.StatusConflict)
	for range 4 {
		newMove(t, source, source, tn, 1).openExport()
	}
	if a := expect(t, m.call(source, "PUT", m.exports(), body, nil), http.StatusServiceUnavailable); !strings.Contains(a.text("detail"), "4 exports") {
		t.Errorf("%s", a.body)
	}
}

// A cell that was restored from a backup ends what it finds open: nothing of it
// goes on, and its tenants may move anew.
func TestARestoredCellEndsItsMoves(t *testing.T) {
	t.Parallel()
	restored, other := pair(t)
	leaving, arriving := restored.signUp(t), other.signUp(t)
	restored.addWorkspace(t, leaving, "one")
	other.addWorkspace(t, arriving, "two")
	out := newMove(t, restored, other, leaving, 1)
	out.openExport()
	out.openImport()
	out.awaitReady(other)
	in := newMove(t, other, restored, arriving, 1)
	in.openExport()
	in.call(restored, "PUT", in.imports(), in.importBody(other, "cell-b", "copy", 2), &api.Import{})
	in.awaitReady(restored)

	end := request{method: "DELETE", target: "/internal/v1/transfer/moves"}
	for _, want := range []string{`{"exports":1,"imports":1}`, `{"exports":0,"imports":0}`} {
		if a := expect(t, restored.asControlPlane(t, end), http.StatusOK); strings.TrimSpace(string(a.body)) != want {
			t.Errorf("%s, want %s", a.body, want)
		}
	}
	slots := `SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database()`
	if left := restored.texts(t, slots); len(left) != 0 || restored.dump(t, "workspaces", arriving) != "" {
		t.Errorf("left: slots %v, rows %s", left, restored.dump(t, "workspaces", arriving))
	}
	expect(t, in.call(restored, "PUT", in.imports(), in.importBody(other, "cell-b", "copy", 2), nil), http.StatusConflict)
	out.await(other, api.ImportStateFailed) // its source is gone
	expect(t, out.call(other, "DELETE", out.imports(), nil, nil), http.StatusNoContent)
	newMove(t, restored, other, leaving, 1).carry()
	expect(t, restored.atEpoch(t, leaving, 1, request{method: "GET", target: "/v1/workspaces"}), http.StatusMisdirectedRequest)
}
