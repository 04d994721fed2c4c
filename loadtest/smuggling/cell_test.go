//go:build smuggling

package smuggling_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// controlKey is the cell's key for its internal door.
const controlKey = "control-control-control-control-"

// newCell is the real cell program with a database of its own and one tenant. At
// its most talkative, its log has a line for every request that reached its
// handlers: id, method and path. Which host it read it does not say, and of
// bodies what it has stored.
func newCell(t *testing.T) *server {
	t.Helper()
	s := newServer("cellprogram")
	s.api = true
	dir, ports := t.TempDir(), testkit.FreePorts(t, 3)
	program := filepath.Join(build(t, "./cell/cmd/cell"), "cell")
	database := testkit.Postgres(t)
	passwords := []string{"CELL_APP_PASSWORD=cell-app-test", "CELL_RELAY_PASSWORD=cell-relay-test", "CELL_MOVER_PASSWORD=cell-mover-test"}
	schema := exec.CommandContext(testkit.Context(t), program, "schema", "up")
	schema.Env = append(passwords, "CELL_OWNER_DATABASE_URL="+database)
	if out, err := schema.CombinedOutput(); err != nil {
		t.Fatalf("cell schema up: %v\n%s", err, out)
	}
	s.endpoint = "http://" + loopback(ports[0])
	s.program(t, servers.Spec{
		Path: program, Dir: dir, Ready: readyz(ports[2]),
		Args: []string{
			"api", "--cell", s.name, "--region", "here", "--listen", loopback(ports[0]), "--internal-listen", loopback(ports[1]),
			"--admin-listen", loopback(ports[2]), "--database-conns", "8", "--log-level", "debug",
		},
		Env: []string{
			"CELL_DATABASE_URL=" + testkit.DSNAs(t, database, "cell_app", "cell-app-test"),
			"CELL_MOVER_DATABASE_URL=" + testkit.DSNAs(t, database, "cell_mover", "cell-mover-test"),
			"CELL_EDGE_KEY=" + hex.EncodeToString(cellapi.DeriveKey([]byte(masterKey), s.name)), "CELL_CONTROL_KEY=" + hex.EncodeToString([]byte(controlKey)),
		},
	})
	s.admit(t, "http://"+loopback(ports[1]))
	s.stored = func(t *testing.T) []string { return workspaces(t, database) }
	s.behind = func(t *testing.T) []sighting { return cellLines(t, s.name, filepath.Join(dir, "log")) }
	return s
}

// admit makes the cell's tenant, as a sign-up does, with its API key.
func (s *server) admit(t *testing.T, internal string) {
	t.Helper()
	hash := sha256.Sum256([]byte(s.key))
	body, err := json.Marshal(map[string]any{"tenants": []any{map[string]any{
		"tenant_id": s.id, "slug": s.name, "epoch": 1, "plan": "free", "organization": map[string]any{"name": "Acme"},
		"owner": map[string]any{"name": "Ada", "email": "ada@example.org"}, "owner_key_hash": hex.EncodeToString(hash[:]),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, internal+"/internal/v1/tenants/batch", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(cellapi.HeaderRequestID, tenancy.NewID().String())
	cellapi.NewSigner([]byte(controlKey)).SignRequest(req, time.Now())
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte("error")) {
		t.Fatalf("admit: %d %s %v", resp.StatusCode, answer, err)
	}
}

// cellLines are the cell's own log lines of requests. The paths in it are
// decoded, and without the query.
func cellLines(t *testing.T, name, path string) []sighting {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []sighting
	for line := range bytes.Lines(raw) {
		var l struct {
			Msg, Method, Path string
			ID                string `json:"request_id"`
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("the cell's log: %v: %s", err, line)
		}
		if l.Msg != "request" || l.Method == "HEAD" && l.Path == "/" || strings.HasPrefix(l.Path, "/internal/") {
			continue
		}
		all = append(all, sighting{
			server: name, id: l.ID, method: l.Method, target: l.Path, whole: true, unseen: unseen{host: true, query: true, body: true},
		})
	}
	return all
}

// workspaces are the names that stand in the cell's database.
func workspaces(t *testing.T, database string) []string {
	t.Helper()
	ctx := testkit.Context(t)
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT name FROM workspaces ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// nameIn is what a cell keeps of a body.
func nameIn(body string) (name string, ok bool) {
	var workspace struct{ Name string }
	err := json.Unmarshal([]byte(body), &workspace)
	return workspace.Name, err == nil && workspace.Name != ""
}
