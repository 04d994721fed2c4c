package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/testkit"
)

// move is one migration of a tenant, and the control plane's side of it.
type move struct {
	t              testing.TB
	source, target *process
	tenant         tenant
	id             uuid.UUID
	epoch          uint64 // of the tenant at the source
}

func newMove(t testing.TB, source, target *process, tn tenant, epoch uint64) *move {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("source: %s\ntarget: %s", source.log.troubles(), target.log.troubles())
		}
	})
	return &move{t: t, source: source, target: target, tenant: tn, id: uuid.Must(uuid.NewV7()), epoch: epoch}
}

// pair starts two cells.
func pair(t testing.TB) (source, target *process) {
	t.Helper()
	return start(t, func(o *app.APIOptions) { o.Cell = "cell-a" }), start(t, func(o *app.APIOptions) { o.Cell = "cell-b" })
}

// call sends a request of the control plane about the tenant and decodes its answer.
func (m *move) call(p *process, method, path string, body, into any) answer {
	m.t.Helper()
	r := request{method: method, target: "/internal/v1/tenants/" + m.tenant.id.String() + path, body: body}
	a := p.asControlPlane(m.t, r)
	if into != nil {
		if a.status != http.StatusOK {
			m.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		if err := json.Unmarshal(a.body, into); err != nil {
			m.t.Fatal(err)
		}
	}
	return a
}

func (m *move) exports() string { return "/exports/" + m.id.String() }
func (m *move) imports() string { return "/imports/" + m.id.String() }

func (m *move) openExport() api.Export {
	m.t.Helper()
	var e api.Export
	m.call(m.source, "PUT", m.exports(), map[string]any{"epoch": m.epoch, "target_cell": "cell-b"}, &e)
	return e
}

func (m *move) importBody(from *process, fromCell, mode string, epoch uint64) map[string]any {
	ticket := cellapi.Ticket{Tenant: m.tenant.id, Migration: m.id, Source: fromCell, Target: "any", Expires: time.Now().Add(time.Hour)}
	return map[string]any{
		"slug": m.tenant.slug, "plan": "free", "epoch": epoch, "source_url": "http://" + from.addresses.Internal.String(),
		"ticket": ticket.Mint(controlKey), "mode": mode,
	}
}

func (m *move) openImport() {
	m.t.Helper()
	m.call(m.target, "PUT", m.imports(), m.importBody(m.source, "cell-a", "copy", m.epoch+1), &api.Import{})
}

func (m *move) importAt(p *process) api.Import {
	m.t.Helper()
	i, err := m.tryImportAt(p)
	if err != nil {
		m.t.Fatal(err)
	}
	return i
}

func (m *move) tryImportAt(p *process) (i api.Import, err error) {
	m.t.Helper()
	a := m.call(p, "GET", m.imports(), nil, nil)
	if a.status != http.StatusOK {
		return i, fmt.Errorf("import: %d %s", a.status, a.body)
	}
	return i, json.Unmarshal(a.body, &i)
}

// awaitReady waits until the import follows closely.
func (m *move) awaitReady(p *process) {
	m.t.Helper()
	m.await(p, api.ImportStateReady)
}

func (m *move) await(p *process, want api.ImportState) {
	m.t.Helper()
	testkit.EventuallyOK(m.t, "import "+string(want), func() error {
		i, err := m.tryImportAt(p) // it may find its session ended
		if err != nil {
			return err
		}
		if i.State == api.ImportStateFailed && want != api.ImportStateFailed {
			m.t.Fatalf("import failed: %s", *i.Failure)
		}
		if i.State != want {
			return fmt.Errorf("%+v", i)
		}
		return nil
	})
}

func (m *move) verify(p *process) api.Verification {
	m.t.Helper()
	var v api.Verification
	m.call(p, "POST", m.imports()+"/verify", nil, &v)
	return v
}

func (m *move) mustVerify(p *process) {
	m.t.Helper()
	if v := m.verify(p); !v.Equal {
		m.t.Fatalf("not equal: %+v", v)
	}
}

func (m *move) freeze(p *process, epoch uint64, lasting time.Duration) api.Freeze {
	m.t.Helper()
	var f api.Freeze
	m.call(p, "POST", "/freeze", map[string]any{"epoch": epoch, "migration_id": m.id, "for_ms": lasting.Milliseconds()}, &f)
	return f
}

func (m *move) drain(p *process, f api.Freeze) api.Drain {
	m.t.Helper()
	var d api.Drain
	m.call(p, "POST", m.imports()+"/drain", map[string]any{"position": f.Position, "timeout_ms": 10_000, "recheck": true}, &d)
	return d
}

// switchOver is the write pause: from the freeze until the target is open.
func (m *move) switchOver(from, to *process, toCell string, epoch uint64) time.Duration {
	m.t.Helper()
	began := time.Now()
	m.pass(m.freeze(from, epoch, 20*time.Second), from, to, toCell, epoch)
	return time.Since(began)
}

// pass is all of the write pause behind the freeze.
func (m *move) pass(f api.Freeze, from, to *process, toCell string, epoch uint64) {
	m.t.Helper()
	if d := m.drain(to, f); !d.Equal {
		m.t.Fatalf("drained unequal: %+v", d)
	}
	var r api.Residence
	m.call(from, "POST", "/seal", map[string]any{"epoch": epoch, "freeze_no": f.FreezeNo}, &r)
	m.call(from, "POST", "/depart", map[string]any{"epoch": epoch, "freeze_no": f.FreezeNo, "to_cell": toCell, "to_epoch": epoch + 1}, &r)
	m.call(to, "POST", m.imports()+"/activate", map[string]any{"epoch": epoch + 1}, &r)
	if r.State != api.Live || r.Epoch != epoch+1 {
		m.t.Fatalf("activated: %+v", r)
	}
}

// carry moves the tenant with everything in order.
func (m *move) carry() time.Duration {
	m.t.Helper()
	m.openExport()
	m.openImport()
	m.awaitReady(m.target)
	m.mustVerify(m.target)
	return m.switchOver(m.source, m.target, "cell-b", m.epoch)
}

// sql runs statements in the cell's database as the superuser.
func (p *process) sql(t testing.TB, statements ...string) {
	t.Helper()
	p.onDatabase(t, func(ctx context.Context, conn *pgx.Conn) error {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}

// distribute has tables that a test made lie where the tenants' others do.
func (p *process) distribute(t testing.TB, tables ...string) {
	t.Helper()
	if !testkit.OnCitus(t) {
		return
	}
	for _, table := range tables {
		p.sql(t, fmt.Sprintf(`SELECT create_distributed_table('%s', 'tenant_id', colocate_with => 'tenants')`, table))
	}
}

// texts returns the first column of a query's rows.
func (p *process) texts(t testing.TB, query string, args ...any) []string {
	t.Helper()
	var texts []string
	p.onDatabase(t, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		texts, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return texts
}

func (p *process) onDatabase(t testing.TB, use func(context.Context, *pgx.Conn) error) {
	t.Helper()
	ctx := testkit.Context(t)
	err := p.asSuperuser(t).AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return use(ctx, conn.Conn()) })
	if err != nil {
		t.Fatal(err)
	}
}

// dump is all rows of the tenant in one table, as text.
func (p *process) dump(t testing.TB, table string, tn tenant) string {
	t.Helper()
	return strings.Join(p.texts(t, `SELECT t::text FROM `+table+` t WHERE tenant_id = $1 ORDER BY 1`, tn.id.String()), "\n")
}

// addProject is a write of the tenant's owner.
func (p *process) addProject(t testing.TB, tn tenant, epoch uint64, workspace, name string) answer {
	t.Helper()
	return p.atEpoch(t, tn, epoch, request{method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": workspace, "name": name}})
}

func (p *process) addWorkspace(t testing.TB, tn tenant, name string) string {
	t.Helper()
	a := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": name}}), http.StatusCreated)
	return a.text("id")
}

// addProjects puts many rows into the source at once.
func (p *process) addProjects(t testing.TB, tn tenant, workspace string, n int) {
	t.Helper()
	p.sql(t, fmt.Sprintf(`INSERT INTO projects (tenant_id, project_id, workspace_id, name, description, status)
		SELECT '%s', gen_random_uuid(), '%s', 'bulk ' || n, repeat('x', 100), 'active' FROM generate_series(1, %d) n`, tn.id, workspace, n))
}

// troubles are the lines of the log that say that something went wrong.
func (b *logBuffer) troubles() string {
	var lines []string
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, `"level":"WARN"`) || strings.Contains(line, `"level":"ERROR"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
