package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// A request whose client has its answer already is cancelled in the database:
// neither a read nor a write goes on waiting there.
func TestDeadlineCancelsTheQuery(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := p.admit(t)
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(testkit.Context(t)) })
	// Without the role's own limit on statements nothing but the deadline ends them.
	p.exec(t, `DO $$ BEGIN EXECUTE format('ALTER ROLE cell_app IN DATABASE %I SET statement_timeout = 0', current_database()); END $$`)
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE workspaces`); err != nil {
		t.Fatal(err)
	}
	soon := http.Header{cellapi.HeaderDeadline: {"300"}}
	for _, r := range []request{
		{method: "GET", target: "/v1/workspaces", header: soon},
		{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "late"}, header: soon},
	} {
		begun := time.Now()
		a := p.asTenant(t, tn, r)
		if a.status != 504 || a.code() != string(fault.Timeout) || time.Since(begun) < 300*time.Millisecond {
			t.Errorf("%s after %s: %d %s", r.method, time.Since(begun), a.status, a.body)
		}
		testkit.Eventually(t, "nobody waits", func() bool {
			var waiting int
			err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
			return err == nil && waiting == 0
		})
	}
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if a := p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces"}); string(a.body) != "{\"items\":[]}\n" {
		t.Errorf("the late write took effect: %s", a.body)
	}
	garbage := http.Header{cellapi.HeaderDeadline: {"soon"}}
	expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces", header: garbage}), 200)
}

// Clients that hang up early do not make the cell throw its connections away:
// the database would do little but let in new ones.
func TestHangUpsKeepTheConnections(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := p.admit(t)
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(testkit.Context(t)) })
	for _, method := range []string{"GET", "POST"} {
		if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE workspaces`); err != nil {
			t.Fatal(err)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if status, _ := attempt(ctx, client, method, "http://"+p.addresses.API.String(), tn, method); status != 0 {
				t.Errorf("%s: %d from behind a locked table", method, status)
			}
		}()
		const waiting = `SELECT a.pid::text FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.usename = 'cell_app' AND a.datname = current_database()`
		var pid string
		testkit.Eventually(t, "a statement that waits", func() bool {
			pids := p.texts(t, waiting)
			if len(pids) > 0 {
				pid = pids[0]
			}
			return len(pids) > 0
		})
		hangUp()
		<-gone
		if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the connection at rest", func() bool {
			return len(p.texts(t, `SELECT 1::text FROM pg_stat_activity WHERE pid = $1::text::int AND state = 'idle'`, pid)) == 1
		})
	}
	if a := p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces"}); !strings.Contains(string(a.body), `"POST"`) {
		t.Errorf("the write was on its way and did not commit: %s", a.body)
	}
}
