package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/testkit"
)

// Clients that hang up early do not make the control plane throw its
// connections away, and what they had begun is not left half done.
func TestHangUpsKeepTheConnections(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	tenant := p.signUp(t, "acme").Tenant
	locker, watcher := connect(t, p.dsn), connect(t, p.dsn)
	for _, c := range []struct{ method, path, table, statement string }{
		{http.MethodGet, "/v1/migrations", "migrations", "ORDER BY migration_id DESC"},
		{http.MethodPost, "/v1/tenants/" + tenant.TenantID.String() + "/suspend", "audit_log", "INSERT INTO audit_log"},
	} {
		if _, err := locker.Exec(t.Context(), `BEGIN; LOCK TABLE `+c.table); err != nil {
			t.Fatal(err)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			p.callUntil(ctx, t, c.method, c.path)
		}()
		var pid int
		testkit.Eventually(t, "a statement that waits", func() bool {
			err := watcher.QueryRow(t.Context(), `SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
				WHERE NOT l.granted AND l.relation = $1::text::regclass AND strpos(a.query, $2) > 0`, c.table, c.statement).Scan(&pid)
			return err == nil
		})
		hangUp()
		<-gone
		if _, err := locker.Exec(t.Context(), `ROLLBACK`); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the connection at rest", func() bool {
			var resting bool
			err := watcher.QueryRow(t.Context(), `SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'idle'`, pid).Scan(&resting)
			return err == nil && resting
		})
	}
	got, err := p.client(t, controlplane.RoleViewer).GetTenantWithResponse(t.Context(), tenant.TenantID)
	if err != nil || got.JSON200 == nil || got.JSON200.State != directory.Suspended {
		t.Errorf("the order was on its way and was not carried out: %v, %s", err, got.Body)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(testkit.Context(t)) })
	return conn
}

// callUntil sends a request that nobody answers before ctx ends.
func (p *program) callUntil(ctx context.Context, t *testing.T, method, path string) {
	body := ""
	if method == http.MethodPost {
		body = `{}`
	}
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+p.keys[controlplane.RoleAdmin])
	req.Header.Set("Content-Type", "application/json")
	if status, _, answer, err := p.send(req); err == nil {
		t.Errorf("%s %s: %d %s from behind a locked table", method, path, status, answer)
	}
}
