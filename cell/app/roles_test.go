package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

func role(name string, permissions ...cell.Permission) request {
	return request{method: "POST", target: "/v1/roles", body: map[string]any{"name": name, "permissions": append([]cell.Permission{}, permissions...)}}
}

func TestRoleLivesFromCreationToDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	made := expect(t, w.p.asTenant(t, w.tn, role("Auditor", cell.AuditRead, cell.ProjectsRead, cell.AuditRead)), 201)
	id, path := made.text("id"), "/v1/roles/"+made.text("id")
	var body api.CustomRole
	if err := json.Unmarshal(made.body, &body); err != nil || !slices.Equal(body.Permissions, []string{"audit:read", "projects:read"}) {
		t.Errorf("%v %s", err, made.body)
	}
	user := w.p.addUser(t, w.tn, id)
	auditor := w.as(user)
	expect(t, w.p.asTenant(t, auditor, request{method: "GET", target: "/v1/audit-log"}), 200)
	expect(t, w.p.asTenant(t, auditor, request{method: "GET", target: "/v1/users"}), 403)
	me := expect(t, w.p.asTenant(t, auditor, request{method: "GET", target: "/v1/me"}), 200)
	if me.text("role") != id || me.text("user_id") != user || me.text("tenant_id") != w.tn.id.String() {
		t.Errorf("me: %s", me.body)
	}
	stale := request{method: "PATCH", target: path, body: map[string]any{"name": "x"}, header: http.Header{"If-Match": {`"v9"`}}}
	expect(t, w.p.asTenant(t, w.tn, stale), 412)
	changed := request{method: "PATCH", target: path, body: `{"permissions":["users:read"],"description":null}`, media: "application/json"}
	if a := expect(t, w.p.asTenant(t, w.tn, changed), 200); a.header.Get("ETag") != `"v2"` || a.text("name") != "Auditor" {
		t.Errorf("%v %s", a.header, a.body)
	}
	expect(t, w.p.asTenant(t, auditor, request{method: "GET", target: "/v1/audit-log"}), 403) // at once
	expect(t, w.p.asTenant(t, auditor, request{method: "GET", target: "/v1/users"}), 200)
	if a := w.p.asTenant(t, w.tn, request{method: "DELETE", target: path}); a.status != 409 || a.code() != string(fault.Conflict) {
		t.Errorf("a role in use: %d %s", a.status, a.body)
	}
	expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + user, body: map[string]any{"role": "viewer"}}), 200)
	expect(t, w.p.asTenant(t, w.tn, request{method: "DELETE", target: path}), 204)
	expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + user, body: map[string]any{"role": id}}), 422)
}

// Nobody makes, changes or gives a role that may do more than it may itself.
func TestRolesDoNotExceedTheirMakers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	admin := w.as(w.p.addUser(t, w.tn, "admin"))
	large := w.addRole(t, cell.OrganizationWrite)
	small := w.made(t, role("small", cell.ProjectsRead))
	target := w.p.addUser(t, w.tn, "viewer")
	holder := w.p.addUser(t, w.tn, large)
	narrow := cellapi.Principal{Subject: w.p.addUser(t, w.tn, "owner"), Scopes: []string{"roles:write", "users:write"}}
	patch := func(path string, body map[string]any) request {
		return request{method: "PATCH", target: path, body: body}
	}
	for name, r := range map[string]request{
		"makes a larger one":   role("larger", cell.OrganizationWrite),
		"enlarges one":         patch("/v1/roles/"+small, map[string]any{"permissions": []string{"organization:write"}}),
		"makes a larger small": patch("/v1/roles/"+large, map[string]any{"permissions": []string{}}),
		"deletes a larger one": {method: "DELETE", target: "/v1/roles/" + large},
		"gives a larger one":   patch("/v1/users/"+target, map[string]any{"role": large}),
		"gives owner":          patch("/v1/users/"+target, map[string]any{"role": "owner"}),
		"takes a larger one":   patch("/v1/users/"+holder, map[string]any{"role": "viewer"}),
		"removes its holder":   {method: "DELETE", target: "/v1/users/" + holder},
		"makes its key":        createKey(holder),
		"makes its user":       {method: "POST", target: "/v1/users", body: map[string]any{"email": "new@example.org", "name": "x", "role": large}},
	} {
		before := w.digest(t)
		if a := w.p.asTenant(t, admin, r); a.status != 403 || w.digest(t) != before {
			t.Errorf("an admin %s: %d %s", name, a.status, a.body)
		}
	}
	if a := w.p.asPrincipal(t, w.tn, narrow, role("larger", cell.ProjectsWrite)); a.status != 403 {
		t.Errorf("an owner whose token is for less: %d %s", a.status, a.body)
	}
	expect(t, w.p.asPrincipal(t, w.tn, narrow, role("equal", cell.UsersWrite)), 201)
	expect(t, w.p.asTenant(t, admin, patch("/v1/users/"+target, map[string]any{"role": small})), 200)
	for name, c := range map[string]struct {
		r      request
		status int
	}{
		"built-in name":  {role("Owner"), 422},
		"reserved name":  {role("custom"), 422},
		"taken name":     {role("SMALL"), 409},
		"no permission":  {role("x", "moon:walk"), 422},
		"unknown role":   {patch("/v1/users/"+target, map[string]any{"role": "01900000-0000-7000-8000-000000000000"}), 422},
		"no role at all": {patch("/v1/users/"+target, map[string]any{"role": "root"}), 422},
	} {
		if a := w.p.asTenant(t, w.tn, c.r); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// Tokens name roles that the tenant made by their ids.
func TestTokensWithMadeRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	reading, writing := w.addRole(t, cell.WorkspacesRead), w.addRole(t, cell.WorkspacesWrite)
	foreign := newWorld(t, w.p).addRole(t, cell.WorkspacesRead)
	holder, owner := w.p.addUser(t, w.tn, reading), w.p.addUser(t, w.tn, "owner")
	get := request{method: "GET", target: "/v1/workspaces"}
	for name, c := range map[string]struct {
		principal   cellapi.Principal
		read, write int
	}{
		"machine":             {cellapi.Principal{Subject: "m", Client: "m", Roles: []string{reading}}, 200, 403},
		"machine with two":    {cellapi.Principal{Subject: "m", Client: "m", Roles: []string{writing, reading}}, 200, 201},
		"machine, foreign":    {cellapi.Principal{Subject: "m", Client: "m", Roles: []string{foreign}}, 403, 403},
		"user":                {cellapi.Principal{Subject: holder}, 200, 403},
		"user, own role":      {cellapi.Principal{Subject: holder, Roles: []string{reading}}, 200, 403},
		"user, another role":  {cellapi.Principal{Subject: holder, Roles: []string{writing}}, 403, 403},
		"owner narrowed":      {cellapi.Principal{Subject: owner, Roles: []string{writing}}, 403, 201},
		"owner, foreign role": {cellapi.Principal{Subject: owner, Roles: []string{foreign}}, 403, 403},
	} {
		write := request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": unique()}}
		if a := w.p.asPrincipal(t, w.tn, c.principal, get); a.status != c.read {
			t.Errorf("%s reads: %d %s", name, a.status, a.body)
		}
		if a := w.p.asPrincipal(t, w.tn, c.principal, write); a.status != c.write {
			t.Errorf("%s writes: %d %s", name, a.status, a.body)
		}
	}
}
