package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

// addHistory gives a tenant n entries, a second apart, that ended an hour ago.
func (p *process) addHistory(t testing.TB, tn tenant, n int) []uuid.UUID {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	ids, rows := make([]uuid.UUID, n), make([][]any, n)
	begin := time.Now().Add(-time.Hour - time.Duration(n)*time.Second)
	actors := []uuid.UUID{uuid.New(), uuid.New()}
	for i := range ids {
		at := begin.Add(time.Duration(i) * time.Second)
		ids[i] = cell.FirstIDAt(at)
		random := uuid.New()
		copy(ids[i][6:], random[6:])
		action := []string{"project.created", "project.deleted"}[i%2]
		rows[i] = []any{uuid.UUID(tn.id), ids[i], at, "user", actors[i%2], action, "project", uuid.New(), "old", "{}"}
	}
	_, err = conn.CopyFrom(t.Context(), pgx.Identifier{"audit_logs"}, []string{
		"tenant_id", "audit_id", "at", "actor_kind", "actor_id", "action", "subject_type", "subject_id", "request_id", "details",
	}, pgx.CopyFromRows(rows))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return ids
}

func (p *process) auditLog(t *testing.T, tn tenant, query url.Values) api.AuditList {
	t.Helper()
	var list api.AuditList
	a := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log?" + query.Encode()}), 200)
	if err := json.Unmarshal(a.body, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAuditLogFilters(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	ids := p.addHistory(t, tn, 20)
	all := p.auditLog(t, tn, nil).Items // newest first, tenant.admitted before the rest
	if len(all) != 21 || all[0].Action != "tenant.admitted" || all[20].ID != ids[0] {
		t.Fatalf("%d entries: %+v", len(all), all)
	}
	third := all[18] // the third oldest
	for name, c := range map[string]struct {
		query url.Values
		want  int
	}{
		"actor":            {url.Values{"actor": {third.Actor.ID.String()}}, 10},
		"action":           {url.Values{"action": {"project.deleted"}}, 10},
		"subject":          {url.Values{"subject": {third.Subject.ID.String()}}, 1},
		"since":            {url.Values{"since": {third.At.Format(time.RFC3339Nano)}}, 19},
		"until":            {url.Values{"until": {third.At.Format(time.RFC3339Nano)}}, 2},
		"both":             {url.Values{"since": {all[20].At.Format(time.RFC3339Nano)}, "until": {third.At.Format(time.RFC3339Nano)}}, 2},
		"actor and action": {url.Values{"actor": {third.Actor.ID.String()}, "action": {"project.deleted"}}, 0},
		"nobody":           {url.Values{"actor": {uuid.NewString()}}, 0},
	} {
		if got := len(p.auditLog(t, tn, c.query).Items); got != c.want {
			t.Errorf("%s: %d entries, want %d", name, got, c.want)
		}
	}
	page := p.auditLog(t, tn, url.Values{"action": {"project.deleted"}, "limit": {"7"}})
	rest := p.auditLog(t, tn, url.Values{"action": {"project.deleted"}, "limit": {"7"}, "cursor": {*page.NextCursor}})
	if len(page.Items) != 7 || len(rest.Items) != 3 || rest.NextCursor != nil {
		t.Errorf("pages of %d and %d", len(page.Items), len(rest.Items))
	}
	for _, bad := range []string{"actor=x", "action=x", "action=A.b", "since=yesterday", "subject=1"} {
		expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log?" + bad}), 422)
	}
}

func TestAuditExportIsWholeAndResumable(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	ids := p.addHistory(t, tn, 2500)
	read := func(query string) (got []uuid.UUID, last string) {
		a := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log/export" + query}), 200)
		if a.header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%v", a.header)
		}
		lines := bufio.NewScanner(bytes.NewReader(a.body))
		for lines.Scan() {
			var e api.AuditEntry
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			if e.ID == uuid.Nil {
				last = lines.Text()
				continue
			}
			got = append(got, e.ID)
		}
		return got, last
	}
	got, last := read("")
	if fmt.Sprint(got) != fmt.Sprint(ids) || last != `{"complete":true}` {
		t.Errorf("%d entries, then %s", len(got), last)
	}
	got, last = read("?after=" + ids[1233].String())
	if fmt.Sprint(got) != fmt.Sprint(ids[1234:]) || last != `{"complete":true}` {
		t.Errorf("resumed: %d entries, then %s", len(got), last)
	}
	if got, _ = read("?action=project.deleted"); len(got) != 1250 {
		t.Errorf("filtered: %d entries", len(got))
	}
	// Little time: what there is of it, and where to go on.
	var parts []uuid.UUID
	a := p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log/export", header: http.Header{"X-Edge-Deadline": {"1500"}}})
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	var end struct{ After uuid.UUID }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || end.After != ids[len(lines)-2] {
		t.Fatalf("%d lines, the last: %s", len(lines), lines[len(lines)-1])
	}
	parts, _ = read("?after=" + end.After.String())
	if len(parts)+len(lines)-1 != len(ids) {
		t.Errorf("%d entries and then %d", len(lines)-1, len(parts))
	}
	expect(t, p.asTenant(t, tenant{id: tn.id, key: newKey(tn.id)}, request{method: "GET", target: "/v1/audit-log/export"}), 401)
}

func TestAuditVerification(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := p.admit(t)
	expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "x"}}), 201)
	verify := func() (v api.AuditVerification, raw []byte) {
		a := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log/verification"}), 200)
		if err := json.Unmarshal(a.body, &v); err != nil {
			t.Fatal(err)
		}
		return v, a.body
	}
	var kept []byte
	testkit.Eventually(t, "a checkpoint for both entries", func() bool {
		v, raw := verify()
		kept = raw
		return v.Intact && v.Entries == 2 && v.Pending == 0 && v.LastCheckpoint != nil
	})
	outward := expect(t, p.asControlPlane(t, request{method: "GET", target: "/internal/v1/audit-checkpoints"}), 200)
	var handedOut struct{ Items []json.RawMessage }
	if err := json.Unmarshal(outward.body, &handedOut); err != nil || len(handedOut.Items) != 1 {
		t.Fatalf("%v %s", err, outward.body)
	}
	command := func(anchor []byte) (bool, string) {
		var out bytes.Buffer
		intact, err := app.VerifyAudit(t.Context(), app.VerifyOptions{
			Tenant: tn.id.String(), DatabaseURL: testkit.DSNAs(t, p.dsn, citus.AppRole, passwords.App), ControlKey: controlKey, Anchor: anchor,
		}, &out)
		if err != nil {
			t.Fatal(err)
		}
		return intact, out.String()
	}
	if intact, out := command(kept); !intact || !strings.Contains(out, ": intact") || !strings.Contains(out, "entries in the chain   2") {
		t.Errorf("%s", out)
	}
	if _, err := app.VerifyAudit(t.Context(), app.VerifyOptions{Tenant: tn.id.String(), DatabaseURL: "x", ControlKey: controlKey, Anchor: []byte(`{"no": 1}`)}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "--anchor") {
		t.Errorf("a made-up anchor: %v", err)
	}
	p.exec(t, `UPDATE audit_logs SET details = '{"name": "y"}' WHERE tenant_id = $1 AND action = 'workspace.created'`, tn.id.String())
	if v, _ := verify(); v.Intact || len(v.Findings) != 1 || v.Findings[0].Kind != "row_changed" || *v.Findings[0].Seq != 2 {
		t.Errorf("changed: %+v", v)
	}
	if intact, out := command(nil); intact || !strings.Contains(out, "NOT INTACT") || !strings.Contains(out, "row_changed") {
		t.Errorf("%s", out)
	}
	// Everything of the tenant's log is gone: only what was kept knows of it.
	for _, table := range []string{"audit_logs", "audit_chain", "audit_checkpoints"} {
		p.exec(t, `DELETE FROM `+table+` WHERE tenant_id = $1`, tn.id.String())
	}
	for _, anchor := range [][]byte{kept, handedOut.Items[0]} {
		if intact, out := command(anchor); intact || !strings.Contains(out, "chain_cut_off") {
			t.Errorf("%s", out)
		}
	}
}
