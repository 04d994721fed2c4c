package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

func TestCRUD(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	created := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "Research"}}), 201)
	workspace := created.text("id")
	if created.header.Get("Location") != "/v1/workspaces/"+workspace || created.header.Get("ETag") != `"v1"` || created.header.Get(cellapi.HeaderTenantEpoch) != "1" {
		t.Errorf("headers: %v", created.header)
	}
	project := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": workspace, "name": "Engine"}}), 201)
	path := "/v1/projects/" + project.text("id")
	changed := expect(t, p.asTenant(t, tn, request{
		method: "PATCH", target: path, body: map[string]any{"status": "archived"}, header: http.Header{"If-Match": {`"v1"`}},
	}), 200)
	if changed.text("status") != "archived" || changed.text("name") != "Engine" || changed.header.Get("ETag") != `"v2"` {
		t.Errorf("%v %s", changed.header, changed.body)
	}
	stale := p.asTenant(t, tn, request{method: "PATCH", target: path, body: map[string]any{"name": "x"}, header: http.Header{"If-Match": {`"v1"`}}})
	if stale.status != 412 || stale.code() != string(fault.Stale) {
		t.Errorf("stale: %d %s", stale.status, stale.body)
	}
	if a := p.asTenant(t, tn, request{method: "GET", target: "/v1/projects?status=active"}); strings.Contains(string(a.body), "Engine") {
		t.Errorf("filter: %s", a.body)
	}
	expect(t, p.asTenant(t, tn, request{method: "DELETE", target: "/v1/workspaces/" + workspace}), 409)
	expect(t, p.asTenant(t, tn, request{method: "DELETE", target: path, header: http.Header{"If-Match": {`W/"v2", "v2"`}}}), 204)
	expect(t, p.asTenant(t, tn, request{method: "GET", target: path}), 404)
	expect(t, p.asTenant(t, tn, request{method: "DELETE", target: "/v1/workspaces/" + workspace}), 204)
	expect(t, p.asTenant(t, tn, request{method: "PATCH", target: "/v1/organization", body: map[string]any{"name": "Acme & Sons"}}), 200)
	if o := p.asTenant(t, tn, request{method: "GET", target: "/v1/organization"}); o.text("name") != "Acme & Sons" || o.text("slug") != tn.slug {
		t.Errorf("organization: %s", o.body)
	}
	audit := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log"}), 200)
	var list api.AuditList
	if err := json.Unmarshal(audit.body, &list); err != nil || len(list.Items) != 7 || list.Items[0].Action != "organization.updated" {
		t.Errorf("audit: %v %s", err, audit.body)
	}
}

func TestUsersAndRoles(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	viewer := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/users", body: map[string]any{"email": "v@example.org", "name": "Vi", "role": "viewer"}}), 201)
	asViewer := tn
	asViewer.key = newKey(tn.id)
	p.addKey(t, tn, viewer.text("id"), asViewer.key)
	expect(t, p.asTenant(t, asViewer, request{method: "GET", target: "/v1/projects"}), 200)
	for _, r := range []request{
		{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "x"}},
		{method: "PATCH", target: "/v1/organization", body: map[string]any{"name": "x"}},
		{method: "DELETE", target: "/v1/users/" + viewer.text("id")},
		{method: "GET", target: "/v1/audit-log"},
	} {
		if a := p.asTenant(t, asViewer, r); a.status != 403 || a.code() != string(fault.Forbidden) {
			t.Errorf("%s %s: %d %s", r.method, r.target, a.status, a.body)
		}
	}
	disabled := expect(t, p.asTenant(t, tn, request{method: "PATCH", target: "/v1/users/" + viewer.text("id"), body: map[string]any{"status": "disabled"}}), 200)
	if disabled.text("status") != "disabled" {
		t.Errorf("%s", disabled.body)
	}
	expect(t, p.asTenant(t, asViewer, request{method: "GET", target: "/v1/projects"}), 401)
}

func (p *process) addKey(t *testing.T, tn tenant, user, key string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), `INSERT INTO api_keys (tenant_id, key_id, user_id, key_hash) VALUES ($1, gen_random_uuid(), $2, decode($3, 'hex'))`,
		tn.id.String(), user, hashOf(key))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	p := shared()
	tn, other := p.admit(t), p.admit(t)
	for i := range 5 {
		expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": fmt.Sprint("w", i)}}), 201)
	}
	var names []string
	cursor, first := "", ""
	for {
		target := "/v1/workspaces?limit=2"
		if cursor != "" {
			target += "&cursor=" + cursor
		}
		var list api.WorkspaceList
		a := expect(t, p.asTenant(t, tn, request{method: "GET", target: target}), 200)
		if err := json.Unmarshal(a.body, &list); err != nil {
			t.Fatal(err)
		}
		for _, w := range list.Items {
			names = append(names, w.Name)
		}
		if list.NextCursor == nil {
			break
		}
		if cursor = *list.NextCursor; first == "" {
			first = cursor
		}
	}
	if strings.Join(names, " ") != "w0 w1 w2 w3 w4" {
		t.Errorf("pages: %v", names)
	}
	flipped := strings.ToUpper(first[:1]) + first[1:]
	if flipped == first {
		flipped = strings.ToLower(first[:1]) + first[1:]
	}
	for name, try := range map[string]answer{
		"tampered":       p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces?cursor=" + flipped}),
		"another list":   p.asTenant(t, tn, request{method: "GET", target: "/v1/projects?cursor=" + first}),
		"another tenant": p.asTenant(t, other, request{method: "GET", target: "/v1/workspaces?cursor=" + first}),
		"made up":        p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces?cursor=abc"}),
		"too long":       p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces?cursor=" + strings.Repeat("a", 300)}),
		"limit":          p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces?limit=1000"}),
	} {
		if try.status != 422 || try.code() != string(fault.Invalid) {
			t.Errorf("%s: %d %s", name, try.status, try.body)
		}
	}
}
