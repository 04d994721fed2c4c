package app_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func (p *process) addUser(t *testing.T, tn tenant, role string) string {
	t.Helper()
	body := map[string]any{"email": uuid.NewString() + "@example.org", "name": "x", "role": role}
	return expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/users", body: body}), 201).text("id")
}

func createKey(user string) request {
	return request{method: "POST", target: "/v1/users/" + user + "/keys", body: map[string]any{"name": "laptop"}}
}

func (p *process) keys(t *testing.T, tn tenant, user string) []api.Key {
	t.Helper()
	var list api.KeyList
	a := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/users/" + user + "/keys"}), 200)
	if err := json.Unmarshal(a.body, &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestKeyLivesFromCreationToDeletion(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	user := p.addUser(t, tn, "viewer")
	made := expect(t, p.asTenant(t, tn, createKey(user)), 201)
	secret := made.text("secret")
	if made.header.Get("Cache-Control") != "no-store" || !strings.Contains(secret, "_"+made.text("prefix")) || len(made.text("prefix")) != 6 {
		t.Errorf("%v %s", made.header, made.body)
	}
	if list := p.keys(t, tn, user); len(list) != 1 || list[0].Name != "laptop" || list[0].Prefix != made.text("prefix") || list[0].LastUsedOn != nil {
		t.Errorf("not used: %+v", list)
	}
	holder := tn
	holder.key = secret
	expect(t, p.asTenant(t, holder, request{method: "GET", target: "/v1/projects"}), 200)
	testkit.Eventually(t, "the day of use", func() bool {
		list := p.keys(t, tn, user)
		return list[0].LastUsedOn != nil && time.Since(list[0].LastUsedOn.Time) < 48*time.Hour
	})
	second := expect(t, p.asTenant(t, holder, createKey(user)), 201) // a viewer for itself
	if list := p.keys(t, holder, user); len(list) != 2 || list[1].ID.String() != second.text("id") {
		t.Errorf("its own list: %+v", list)
	}
	remove := request{method: "DELETE", target: "/v1/users/" + user + "/keys/" + made.text("id")}
	expect(t, p.asTenant(t, holder, remove), 204) // the one that it calls with
	expect(t, p.asTenant(t, holder, request{method: "GET", target: "/v1/projects"}), 401)
	expect(t, p.asTenant(t, tn, remove), 404)
	audit := p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log"})
	var log api.AuditList
	if err := json.Unmarshal(audit.body, &log); err != nil {
		t.Fatal(err)
	}
	if last := log.Items[0]; last.Action != "api_key.deleted" || last.Actor.ID == nil || last.Actor.ID.String() != user || last.Subject.ID.String() != made.text("id") {
		t.Errorf("audit: %+v", last)
	}
	if strings.Contains(p.log.String()+string(audit.body), secret) || strings.Contains(p.log.String(), hashOf(secret)) {
		t.Error("a secret was written down")
	}
}

func TestWhoManagesWhoseKeys(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	var users api.UserList
	if err := json.Unmarshal(p.asTenant(t, tn, request{method: "GET", target: "/v1/users"}).body, &users); err != nil {
		t.Fatal(err)
	}
	owner, admin, other, member := users.Items[0].ID.String(), p.addUser(t, tn, "admin"), p.addUser(t, tn, "admin"), p.addUser(t, tn, "member")
	user := func(id string, scopes ...string) cellapi.Principal {
		return cellapi.Principal{Subject: id, Scopes: scopes}
	}
	robot := func(role string, scopes ...string) cellapi.Principal {
		return cellapi.Principal{Subject: "robot", Client: "robot", Roles: []string{role}, Scopes: scopes}
	}
	for name, c := range map[string]struct {
		caller       cellapi.Principal
		of           string
		create, list int
	}{
		"owner of own":                   {user(owner), owner, 201, 200},
		"owner of admin":                 {user(owner), admin, 201, 200},
		"admin of owner":                 {user(admin), owner, 403, 403},
		"admin of another admin":         {user(admin), other, 201, 200},
		"admin of member":                {user(admin), member, 201, 200},
		"member of own":                  {user(member), member, 201, 200},
		"member of another":              {user(member), admin, 403, 403},
		"member, token for less":         {user(member, "projects:read"), member, 403, 403},
		"owner, token for users only":    {user(owner, "users:write"), owner, 403, 200},
		"machine of admin":               {robot("admin"), admin, 201, 200},
		"machine of owner":               {robot("admin"), owner, 403, 403},
		"machine for users only":         {robot("owner", "users:write"), member, 403, 200},
		"viewing machine":                {robot("viewer"), member, 403, 403},
		"nobody's":                       {user(owner), uuid.NewString(), 404, 404},
		"zero":                           {robot("viewer"), uuid.Nil.String(), 403, 403},
		"owner narrowed to admin of own": {cellapi.Principal{Subject: owner, Roles: []string{"admin"}}, owner, 403, 200},
	} {
		if a := p.asPrincipal(t, tn, c.caller, createKey(c.of)); a.status != c.create {
			t.Errorf("%s, create: %d %s", name, a.status, a.body)
		}
		if a := p.asPrincipal(t, tn, c.caller, request{method: "GET", target: "/v1/users/" + c.of + "/keys"}); a.status != c.list {
			t.Errorf("%s, list: %d %s", name, a.status, a.body)
		}
	}
	foreign := p.admit(t)
	expect(t, p.asTenant(t, foreign, createKey(member)), 404)
}

func TestKeysOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	user := p.addUser(t, tn, "viewer")
	for range 50 {
		expect(t, p.asTenant(t, tn, createKey(user)), 201)
	}
	if a := p.asTenant(t, tn, createKey(user)); a.status != 409 || a.code() != string(fault.Conflict) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if n := len(p.keys(t, tn, user)); n != 50 {
		t.Errorf("%d keys", n)
	}
}

func TestKeysWithScopesAndEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	user := w.p.addUser(t, w.tn, "member")
	key := func(body map[string]any) request {
		body["name"] = "x"
		return request{method: "POST", target: "/v1/users/" + user + "/keys", body: body}
	}
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	made := expect(t, w.p.asTenant(t, w.tn, key(map[string]any{"scopes": []string{"projects:read", "users:write"}, "expires_at": end})), 201)
	narrow := w.tn
	narrow.key = made.text("secret")
	if made.text("expires_at") != end.Format(time.RFC3339) || !strings.Contains(string(made.body), `"scopes":["projects:read","users:write"]`) {
		t.Errorf("%s", made.body)
	}
	expect(t, w.p.asTenant(t, narrow, request{method: "GET", target: "/v1/projects"}), 200)
	expect(t, w.p.asTenant(t, narrow, request{method: "GET", target: "/v1/workspaces"}), 403)
	expect(t, w.p.asTenant(t, narrow, request{method: "DELETE", target: "/v1/users/" + user}), 403) // a scope gives nothing
	expect(t, w.p.asTenant(t, narrow, key(map[string]any{})), 403)                                  // a wider key, of its own
	w.p.exec(t, `UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE tenant_id = $1 AND key_id = $2`, w.tn.id.String(), made.text("id"))
	expect(t, w.p.asTenant(t, narrow, request{method: "GET", target: "/v1/projects"}), 401)
	for name, body := range map[string]map[string]any{
		"in the past": {"expires_at": time.Now().Add(-time.Minute)}, "no time": {"expires_at": "tomorrow"}, "no permission": {"scopes": []string{"moon:walk"}},
	} {
		if a := w.p.asTenant(t, w.tn, key(body)); a.status != 422 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
