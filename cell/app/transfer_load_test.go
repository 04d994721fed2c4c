package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

// ledger is what writers were told is stored.
type ledger struct {
	mu    sync.Mutex
	names map[string]bool
	stop  atomic.Bool
	wait  sync.WaitGroup
}

// writers write to the tenant wherever it is, as the router would have them:
// what one cell refuses goes to the other.
func writers(t testing.TB, n int, tn tenant, workspace string, cells ...*process) *ledger {
	t.Helper()
	l := &ledger{names: map[string]bool{}}
	for w := range n {
		l.wait.Go(func() {
			at := 0
			for i := 0; !l.stop.Load(); i++ {
				name := fmt.Sprintf("w%d-%d", w, i)
				for !l.stop.Load() {
					a := cells[at].addProject(t, tn, 1, workspace, name)
					if a.status == http.StatusCreated {
						l.mu.Lock()
						l.names[name] = true
						l.mu.Unlock()
						break
					}
					if a.status != http.StatusMisdirectedRequest && a.status != http.StatusServiceUnavailable {
						t.Errorf("%s: %d %s", name, a.status, a.body)
						return
					}
					at = (at + 1) % len(cells)
				}
			}
		})
	}
	testkit.Eventually(t, "some writes", func() bool { return l.count() > 20 })
	return l
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.names)
}

func (l *ledger) end() {
	l.stop.Store(true)
	l.wait.Wait()
}

// check compares the ledger with what a cell holds.
func (l *ledger) check(t testing.TB, p *process, tn tenant) {
	t.Helper()
	held := map[string]int{}
	for _, name := range p.texts(t, `SELECT name FROM projects WHERE tenant_id = $1 AND name LIKE 'w%'`, tn.id.String()) {
		held[name]++
	}
	for name := range l.names {
		if held[name] != 1 {
			t.Errorf("%s was acknowledged and is there %d times", name, held[name])
		}
	}
}

// Nothing acknowledged is lost on the way there, nor on the way back.
func TestMoveAndReturnUnderLoad(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	source.addProjects(t, tn, workspace, 20_000)
	load := writers(t, 4, tn, workspace, source, target)
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	m.mustVerify(target)
	m.call(target, "PUT", m.exports(), map[string]any{"epoch": 2, "target_cell": "cell-a", "reverse": true}, &api.Export{})
	there := m.switchOver(source, target, "cell-b", 1)
	m.call(source, "PUT", m.imports(), m.importBody(target, "cell-b", "follow", 3), &api.Import{})
	before := load.count()
	testkit.Eventually(t, "writes at the target", func() bool { return load.count() > before+20 })
	m.awaitReady(source)
	m.mustVerify(source)
	back := m.switchOver(target, source, "cell-a", 2)
	before = load.count()
	testkit.Eventually(t, "writes at the source", func() bool { return load.count() > before+20 })
	load.end()
	t.Logf("write pauses %s and %s, %d writes", there, back, load.count())
	load.check(t, source, tn)

	for _, p := range []*process{source, target} { // what remains is closed
		expect(t, m.call(p, "DELETE", m.imports(), nil, nil), http.StatusNoContent)
		expect(t, m.call(p, "DELETE", m.exports(), nil, nil), http.StatusNoContent)
	}
	expect(t, m.call(source, "POST", "/cleanup", map[string]any{"epoch": 3, "migration_id": m.id}, nil), http.StatusConflict) // it lives here
	var rows int64
	for c := (api.Cleanup{Remaining: true}); c.Remaining; rows += c.Rows { // a call takes a few seconds at most
		c = api.Cleanup{}
		m.call(target, "POST", "/cleanup", map[string]any{"epoch": 2, "migration_id": m.id}, &c)
	}
	if rows < 20_000 || target.dump(t, "projects", tn) != "" {
		t.Errorf("cleaned up %d rows", rows)
	}
	expect(t, target.asTenant(t, tn, request{method: "GET", target: "/v1/organization"}), http.StatusMisdirectedRequest)
}

// restartable is a cell whose process can be ended and begun again.
type restartable struct {
	*process
	opts app.APIOptions
}

func startRestartable(t testing.TB, name string) *restartable {
	t.Helper()
	r := &restartable{}
	r.process = start(t, func(o *app.APIOptions) { o.Cell = name; r.opts = *o })
	return r
}

// second runs another process of the cell, with an internal door of its own.
func (r *restartable) second(t testing.TB) (p *process, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	opts := r.opts
	started, done := make(chan app.APIAddresses, 1), make(chan error, 1)
	opts.Started = func(a app.APIAddresses) { started <- a }
	go func() { done <- app.RunAPI(ctx, opts) }()
	p = &process{dsn: r.dsn, client: r.client, log: r.log, addresses: <-started}
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	t.Cleanup(stop)
	return p, stop
}

// The process at either side may end during the copy: the other processes of its
// cell go on from the database, also with another snapshot.
func TestCopySurvivesTheEndOfEitherProcess(t *testing.T) {
	t.Parallel()
	a, b := startRestartable(t, "cell-a"), startRestartable(t, "cell-b")
	source, stopSource := a.second(t)
	tn := a.signUp(t)
	workspace := a.addWorkspace(t, tn, "one")
	a.addProjects(t, tn, workspace, 30_000)
	load := writers(t, 1, tn, workspace, a.process)
	m := newMove(t, source, b.process, tn, 1)
	m.openExport() // by the process that will end, which then holds the snapshot
	body := m.importBody(source, "cell-a", "copy", 2)
	body["bytes_per_second"] = 1_000_000
	m.call(b.process, "PUT", m.imports(), body, &api.Import{})
	testkit.Eventually(t, "a part of the copy", func() bool { return m.importAt(b.process).RowsCopied > 1000 })
	stopSource()
	body = m.importBody(a.process, "cell-a", "copy", 2)
	m.call(b.process, "PUT", m.imports(), body, &api.Import{}) // the cell's other process, at full speed
	m.source = a.process
	m.awaitReady(b.process)
	m.mustVerify(b.process)
	// Now the target's: whatever session does the import is ended, as if its process were killed.
	for range 3 {
		b.sql(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = '`+citus.MoverRole+`'`)
		before := load.count()
		testkit.Eventually(t, "more writes", func() bool { return load.count() > before+5 })
	}
	m.awaitReady(b.process)
	testkit.EventuallyOK(t, "an equal verification", func() error {
		answer := m.call(b.process, "POST", m.imports()+"/verify", nil, nil)
		var v api.Verification
		if answer.status != http.StatusOK {
			return fmt.Errorf("%d %s", answer.status, answer.body)
		}
		if err := json.Unmarshal(answer.body, &v); err != nil || !v.Equal {
			t.Fatalf("%+v, %v", v, err)
		}
		return nil
	})
	m.switchOver(a.process, b.process, "cell-b", 1)
	load.end()
	load.check(t, b.process, tn)
}

// Values of every kind arrive as they are, whether copied or streamed.
func TestTypesSurvive(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	for _, p := range []*process{source, target} {
		p.sql(t, `CREATE TABLE torture (tenant_id uuid NOT NULL, a text COLLATE "C", b timestamptz, big text, j jsonb, raw bytea, list text[], f float8, g real, n numeric,
			i interval, d date, r int4range, ip inet, doubled int GENERATED ALWAYS AS (length(a) * 2) STORED, PRIMARY KEY (tenant_id, a, b))`,
			`CREATE UNIQUE INDEX ON torture (tenant_id, (j->>'u'))`,
			`ALTER TABLE torture ALTER big SET STORAGE EXTERNAL`, `COMMENT ON TABLE torture IS 'tenancy: tenant'`,
			`CREATE TABLE empty (tenant_id uuid PRIMARY KEY, v text)`, `COMMENT ON TABLE empty IS 'tenancy: tenant'`,
			`GRANT SELECT, INSERT, DELETE ON torture, empty TO `+citus.MoverRole)
		p.distribute(t, "torture", "empty")
	}
	tn := source.signUp(t)
	insert := func(from, to int) {
		source.sql(t, fmt.Sprintf(`INSERT INTO torture SELECT '%s', E'k\\t\\n\\\\' || n || U&'\+01F600\0301"''', '2026-01-01 00:00:00.123456+00'::timestamptz + n * interval '1 us',
			repeat('toast' || n, 2000), jsonb_build_object('u', n, 'deep', U&'\202E\FEFF', 'n', 1e300::numeric), decode(repeat('00ff0a5c', 20), 'hex'),
			ARRAY['a', NULL, 'NULL', '{"x,y"}', E'\\\\N', ''], CASE n %% 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN '-0' ELSE 0.1 + 0.2 END,
			1.1, CASE n %% 3 WHEN 0 THEN 'NaN' WHEN 1 THEN 1.100 ELSE 12345678901234567890.123456789 END, '1 mon -2 days 03:04:05.000006', 'infinity', '[1,9)', '::1'
			FROM generate_series(%d, %d) n`, tn.id, from, to))
	}
	insert(1, 500)
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	// After the snapshot: all of this arrives by the stream.
	insert(501, 600)
	source.sql(t,
		`UPDATE torture SET f = f + 1 WHERE j->>'u' < '2'`,                  // big is unchanged, and left out of the log
		`UPDATE torture SET a = a || '-moved' WHERE (j->>'u')::int % 7 = 0`, // another key, big unchanged
		`DELETE FROM torture WHERE (j->>'u')::int % 11 = 0`,
		`UPDATE torture SET big = NULL, list = NULL WHERE (j->>'u')::int % 13 = 0`,
		`UPDATE torture SET j = j || '{"u": "swap"}' WHERE j->>'u' = '1'`, `UPDATE torture SET j = j || '{"u": 1}' WHERE j->>'u' = '2'`,
		`UPDATE torture SET j = j || '{"u": 2}' WHERE j->>'u' = 'swap'`)
	m.openImport()
	m.awaitReady(target)
	source.sql(t, `UPDATE torture SET g = g * 2`, `UPDATE torture SET a = 'again ' || a WHERE (j->>'u')::int < 50`)
	m.mustVerify(target)
	source.sql(t, `UPDATE torture SET i = i * 2`)
	m.switchOver(source, target, "cell-b", 1)
	if here, there := source.dump(t, "torture", tn), target.dump(t, "torture", tn); here != there || strings.Count(here, "\n") < 400 {
		t.Errorf("%d and %d bytes differ", len(here), len(there))
	}
}

// An import that is given up leaves nothing, and the tenant may come again.
func TestImportIsGivenUp(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	source.addProjects(t, tn, workspace, 12_000)
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	f := m.freeze(source, 1, time.Minute)
	m.call(source, "POST", "/seal", map[string]any{"epoch": 1, "freeze_no": f.FreezeNo}, &api.Residence{})
	expect(t, m.call(target, "DELETE", m.imports(), nil, nil), http.StatusNoContent)
	expect(t, m.call(target, "DELETE", m.imports(), nil, nil), http.StatusNoContent)
	m.call(source, "POST", "/thaw", map[string]any{"epoch": 1, "freeze_no": f.FreezeNo}, &api.Residence{})
	expect(t, m.call(source, "DELETE", m.exports(), nil, nil), http.StatusNoContent)
	for _, table := range append(target.tenantTables(t), "tenants", "imports", "import_tables") {
		if left := target.dump(t, table, tn); left != "" {
			t.Errorf("%s keeps %.200s", table, left)
		}
	}
	expect(t, m.call(target, "POST", m.imports()+"/activate", map[string]any{"epoch": 2}, nil), http.StatusNotFound)
	expect(t, m.call(target, "PUT", m.imports(), m.importBody(source, "cell-a", "copy", 2), nil), http.StatusConflict) // on its way since before
	newMove(t, source, target, tn, 1).carry()
	expect(t, target.atEpoch(t, tn, 2, request{method: "GET", target: "/v1/projects"}), http.StatusOK)
}
