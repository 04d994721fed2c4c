package citus_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

// Statements stay prepared on the pooler's few server connections, whichever
// client prepared them and whoever gets which; new ones learn them at the first
// transaction, which does not notice.
func TestStatementsStayPreparedBehindThePooler(t *testing.T) {
	t.Parallel()
	const serverConns, clients = 3, 6
	dsn, bouncer := pool(t, serverConns)
	tap := newTap(t, bouncer.DSN(citus.AppRole, passwords.App, "cell"))
	db := openAt(t, dsn, tap.dsn, clients)
	a := db.live(t)
	ws, err := db.addWorkspace(t.Context(), a, "w")
	must(t, err)

	for range 4 { // a connection learns the statements when it has been used
		must(t, db.store.Warm(t.Context(), a.TenantID, clients))
	}
	const most = 6 * serverConns // the six statements that judge, once on each
	before := tap.fenceParses()
	db.useAtOnce(t, a, ws, clients, "first")
	if parses := tap.fenceParses() - before; parses > most {
		t.Errorf("the fence was parsed %d times", parses)
	}
	replaceServerConnections(t, bouncer)
	before = tap.fenceParses()
	db.useAtOnce(t, a, ws, clients, "second")
	if parses := tap.fenceParses() - before; parses == 0 || parses > most {
		t.Errorf("on %d new server connections the fence was parsed %d times", serverConns, parses)
	}
}

// A tenant that is to arrive finds several of the pooler's server connections made,
// not one that was lent in turn.
func TestWarmingMakesServerConnections(t *testing.T) {
	t.Parallel()
	const conns = 8
	dsn, bouncer := pool(t, conns)
	db := openAt(t, dsn, bouncer.DSN(citus.AppRole, passwords.App, "cell"), conns)
	a := db.live(t)
	must(t, db.store.Warm(t.Context(), a.TenantID, conns))
	made := query(t, db.dsn, `SELECT count(*)::text FROM pg_stat_activity WHERE usename = '`+citus.AppRole+`' AND datname = current_database()`)[0]
	if made == "0" || made == "1" {
		t.Errorf("%s server connections", made)
	}
	if rows := query(t, db.dsn, `SELECT action FROM audit_logs WHERE action = 'none'`); len(rows) > 0 {
		t.Error("the rehearsal left something")
	}
}

// useAtOnce reads and writes over several connections at the same time.
func (db *database) useAtOnce(t *testing.T, a cell.Arrival, ws cell.Workspace, clients int, name string) {
	t.Helper()
	var crowd sync.WaitGroup
	for c := range clients {
		crowd.Go(func() {
			for n := range 10 {
				p := cell.Project{ID: newID(), WorkspaceID: ws.ID, Name: fmt.Sprint(name, c, n), Status: cell.ProjectActive}
				if _, err := db.store.CreateProject(t.Context(), by(a, cell.ProjectsWrite), p, entry("project.created")); err != nil {
					t.Error(err)
				}
				if got, err := db.store.GetProject(t.Context(), by(a, cell.ProjectsRead), p.ID); err != nil || got.Name != p.Name {
					t.Errorf("%v, %v", got, err)
				}
			}
		})
	}
	crowd.Wait()
}

// replaceServerConnections has the pooler close each of them as soon as nobody
// uses it.
func replaceServerConnections(t *testing.T, bouncer servers.PgBouncer) {
	t.Helper()
	config, err := pgx.ParseConfig(bouncer.DSN(servers.ConsoleUser, bouncer.ConsolePassword, "pgbouncer"))
	must(t, err)
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	console, err := pgx.ConnectConfig(testkit.Context(t), config)
	must(t, err)
	defer console.Close(context.Background())
	_, err = console.Exec(t.Context(), "RECONNECT")
	must(t, err)
}
