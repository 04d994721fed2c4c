package citus_test

import (
	"context"
	"crypto/sha256"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// passwords are the roles' in every test of the cell: roles are the whole server's.
var passwords = citus.Passwords{App: "cell-app-test", Relay: "cell-relay-test", Mover: "cell-mover-test"}

func newDatabase(t testing.TB) string {
	t.Helper()
	dsn := testkit.Sharded(t, "cell", passwords.Logins(), func(ctx context.Context, dsn string) error {
		_, err := citus.ApplySchema(ctx, dsn, passwords)
		return err
	})
	pool, err := pgxpool.New(context.WithoutCancel(t.Context()), dsn)
	must(t, err)
	superusers.Store(dsn, pool)
	t.Cleanup(func() {
		superusers.Delete(dsn)
		pool.Close()
	})
	return dsn
}

// superusers holds connections past every policy, by database: see query.
var superusers sync.Map

func superuser(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	known, _ := superusers.Load(dsn)
	pool, ok := known.(*pgxpool.Pool)
	if !ok {
		t.Fatal("not a database of newDatabase")
	}
	return pool
}

// database is a cell's database with its three doors.
type database struct {
	dsn   string // the superuser's
	store *citus.Store
	mover *citus.Mover
	relay *citus.Relay
}

func open(t testing.TB) *database {
	t.Helper()
	dsn := newDatabase(t)
	return openAt(t, dsn, testkit.DSNAs(t, dsn, citus.AppRole, passwords.App), 16)
}

func openAt(t testing.TB, dsn, appDSN string, conns int32) *database {
	t.Helper()
	ctx := testkit.Context(t)
	store, err := citus.OpenStore(ctx, appDSN, conns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	mover, err := citus.OpenMover(ctx, testkit.DSNAs(t, dsn, citus.MoverRole, passwords.Mover), 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mover.Close)
	relay, err := citus.OpenRelay(ctx, testkit.DSNAs(t, dsn, citus.RelayRole, passwords.Relay))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	return &database{dsn: dsn, store: store, mover: mover, relay: relay}
}

// pooled is the same database through PgBouncer with few server connections, and
// the URL of that way for the application's role.
func pooled(t testing.TB, serverConns int) (db *database, bouncerDSN string) {
	t.Helper()
	dsn, bouncer := pool(t, serverConns)
	bouncerDSN = bouncer.DSN(citus.AppRole, passwords.App, "cell")
	return openAt(t, dsn, bouncerDSN, 32), bouncerDSN
}

// pool starts a PgBouncer before a new database.
func pool(t testing.TB, serverConns int) (string, servers.PgBouncer) {
	t.Helper()
	dsn := newDatabase(t)
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	bouncer := servers.PgBouncer{
		Dir: t.TempDir(), Port: testkit.FreePorts(t, 1)[0], PoolSize: serverConns, ConsolePassword: "console",
		Databases: map[string]servers.PooledDatabase{"cell": {Port: int(cfg.Port), Name: cfg.Database}},
		Users:     map[string]string{citus.AppRole: passwords.App},
	}
	testkit.Run(t, bouncer)
	t.Cleanup(func() {
		if log, err := os.ReadFile(bouncer.Spec().Log); t.Failed() {
			t.Logf("the pooler's log: %s %v", log, err)
		}
	})
	return dsn, bouncer
}

func arrival() cell.Arrival {
	id := tenancy.NewID()
	return cell.Arrival{
		TenantID: id, Slug: tenancy.Slug("t" + id.String()[24:]), Epoch: 1, Plan: "free", Organization: "Acme", OwnerName: "Ada",
		OwnerEmail: "ada@example.org", OwnerKeyHash: keyHash(id.String()),
	}
}

func keyHash(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// live lets a tenant arrive and opens the cell to it.
func (db *database) live(t testing.TB) cell.Arrival {
	t.Helper()
	a := arrival()
	if _, err := db.mover.Prepare(t.Context(), a, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.mover.Activate(t.Context(), a.TenantID, a.Epoch, "test"); err != nil {
		t.Fatal(err)
	}
	return a
}

// migration is the one for which tests freeze.
var migration = uuid.Must(uuid.NewV7())

func (db *database) freeze(t testing.TB, a cell.Arrival, lasting time.Duration) cell.Freeze {
	t.Helper()
	f, err := db.mover.Freeze(t.Context(), a.TenantID, a.Epoch, migration, lasting)
	must(t, err)
	return f
}

// by is a call of the tenant's owner.
func by(a cell.Arrival, p cell.Permission) *cell.Call {
	return &cell.Call{Tenant: a.TenantID, Epoch: a.Epoch, KeyHash: a.OwnerKeyHash, Permission: p, RequestID: "test"}
}

func (db *database) addWorkspace(ctx context.Context, a cell.Arrival, name string) (cell.Workspace, error) {
	return db.store.CreateWorkspace(ctx, by(a, cell.WorkspacesWrite), cell.Workspace{ID: newID(), Name: name}, entry("workspace.created"))
}

func entry(action string) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "workspace", SubjectID: newID(), Details: map[string]any{"name": "x"}}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// query runs a statement as the superuser, past every policy, and returns its
// first column as text.
func query(t testing.TB, dsn, sql string, args ...any) []string {
	t.Helper()
	rows, err := superuser(t, dsn).Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return texts
}
