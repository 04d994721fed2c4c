package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

func (tn tenant) archive() string { return "/internal/v1/tenants/" + tn.id.String() + "/archive" }

// putBack imports an export under an epoch, trusting the test cells' key.
func (p *process) putBack(t *testing.T, tn tenant, epoch int, export []byte) answer {
	t.Helper()
	return p.asControlPlane(t, request{
		method: "PUT", target: fmt.Sprintf("%s?epoch=%d&trusted=%s", tn.archive(), epoch, app.ExportKey(controlKey)),
		body: string(export), media: "application/x-ndjson",
	})
}

// filled is a tenant with some of everything.
func (p *process) filled(t *testing.T) tenant {
	t.Helper()
	tn := p.signUp(t)
	p.addUser(t, tn, "viewer")
	for i := range 3 {
		w := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": fmt.Sprint("w", i)}}), 201)
		body := map[string]any{"workspace_id": w.text("id"), "name": `x "y"`, "description": "ü\n\\"}
		r := request{method: "POST", target: "/v1/projects", body: body, header: http.Header{"Idempotency-Key": {fmt.Sprint("k", i)}}}
		expect(t, p.asTenant(t, tn, r), 201)
	}
	return tn
}

func TestTenantMovesByExportAndImport(t *testing.T) {
	t.Parallel()
	from, to := start(t, nil), start(t, nil)
	tn := from.filled(t)
	export := from.asControlPlane(t, request{method: "GET", target: tn.archive()})
	if export.status != 200 || export.header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("export: %d %v", export.status, export.header)
	}
	if imported := expect(t, to.putBack(t, tn, 2, export.body), 200); !strings.Contains(string(imported.body), `"name":"projects","rows":3`) {
		t.Errorf("%s", imported.body)
	}
	for _, target := range []string{"/v1/organization", "/v1/users", "/v1/workspaces", "/v1/projects", "/v1/jobs"} {
		r := request{method: "GET", target: target}
		if a, b := from.asTenant(t, tn, r), to.atEpoch(t, tn, 2, r); a.status != 200 || string(a.body) != string(b.body) {
			t.Errorf("%s: %s\nthen: %d %s", target, a.body, b.status, b.body)
		}
	}
	again := request{method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": "x"}, header: http.Header{"Idempotency-Key": {"k0"}}}
	if a := to.atEpoch(t, tn, 2, again); a.status != 422 {
		t.Errorf("an idempotency key was lost: %d %s", a.status, a.body)
	}
	expect(t, to.putBack(t, tn, 2, export.body), 409) // it is live there
	expect(t, to.putBack(t, tn, 3, export.body), 409)
	expect(t, to.asControlPlane(t, request{method: "GET", target: newTenant().archive()}), 404)
}

func TestBrokenImportsLeaveNothing(t *testing.T) {
	t.Parallel()
	from, to := start(t, nil), start(t, nil)
	tn, other := from.filled(t), from.admit(t)
	export := expect(t, from.asControlPlane(t, request{method: "GET", target: tn.archive()}), 200).body
	lines := bytes.SplitAfter(export, []byte("\n"))
	for name, c := range map[string]struct {
		tn     tenant
		export []byte
		status int
	}{
		"cut short":          {tn, export[:len(export)-300], 400},
		"a row changed":      {tn, bytes.Replace(export, []byte(`"name":"w1"`), []byte(`"name":"w9"`), 1), 400},
		"a row left out":     {tn, bytes.Join(append(append([][]byte{}, lines[:3]...), lines[4:]...), nil), 400},
		"another tenant":     {other, export, 422},
		"newer":              {tn, bytes.Replace(export, []byte(`"version":1`), []byte(`"version":2`), 1), 422},
		"another's signer":   {tn, bytes.Replace(export, []byte(app.ExportKey(controlKey)), []byte(app.ExportKey(edgeKey)), 1), 422},
		"not an export":      {tn, []byte("{}\n"), 400},
		"nothing":            {tn, []byte("\n"), 400},
		"a line without end": {tn, bytes.Repeat([]byte("x"), 20<<20), 400},
	} {
		if a := to.putBack(t, c.tn, 2, c.export); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if a := to.atEpoch(t, c.tn, 2, request{method: "GET", target: "/v1/organization"}); a.status != 421 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		for _, table := range []string{"tenants", "organizations", "users", "projects"} {
			if n := to.exec(t, `SELECT FROM `+table); n != 0 {
				t.Errorf("%s: %d rows left in %s", name, n, table)
			}
		}
	}
	expect(t, to.putBack(t, tn, 2, export), 200)
}

func TestArchiveCommands(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := p.filled(t)
	opts := app.ArchiveOptions{Cell: "cell-test", MoverDatabaseURL: testkit.DSNAs(t, p.dsn, citus.MoverRole, passwords.Mover), ControlKey: controlKey}
	var out bytes.Buffer
	summary, err := app.ExportTenant(t.Context(), opts, tn.id, &out)
	if err != nil || !strings.Contains(summary, tn.slug) {
		t.Fatalf("%s, %v", summary, err)
	}
	if checked, err := app.CheckExport(bytes.NewReader(out.Bytes())); err != nil || !strings.Contains(checked, app.ExportKey(controlKey)) {
		t.Errorf("%s, %v", checked, err)
	}
	expect(t, p.asControlPlane(t, request{method: "DELETE", target: "/internal/v1/tenants/" + tn.id.String() + "?epoch=1"}), 204)
	if _, err := app.ImportTenant(t.Context(), opts, tn.id, 1, []string{"x"}, &out); err == nil || !strings.Contains(err.Error(), "--trust") {
		t.Errorf("bad key: %v", err)
	}
	if _, err := app.ImportTenant(t.Context(), opts, tn.id, 1, nil, bytes.NewReader(out.Bytes())); err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/projects"}), 200).body, &list); err != nil || len(list.Items) != 3 {
		t.Errorf("%d projects, %v", len(list.Items), err)
	}
	if _, err := app.ExportTenant(t.Context(), app.ArchiveOptions{}, tn.id, &out); err == nil || !strings.Contains(err.Error(), "CELL_CONTROL_KEY") {
		t.Errorf("no options: %v", err)
	}
}
