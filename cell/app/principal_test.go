package app_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/cellapi"
)

func TestVerifiedPrincipals(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	user := expect(t, p.asTenant(t, tn, request{
		method: "POST", target: "/v1/users", body: map[string]any{"email": "bob@example.org", "name": "Bob", "role": "admin"},
	}), 201).text("id")
	robot := func(scopes []string, roles ...string) cellapi.Principal {
		return cellapi.Principal{Subject: "robot", Client: "robot", Roles: roles, Scopes: scopes}
	}
	get, write := request{method: "GET", target: "/v1/workspaces"}, func() request {
		return request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": uuid.NewString()}}
	}
	for name, c := range map[string]struct {
		principal   cellapi.Principal
		read, write int
	}{
		"user":                      {cellapi.Principal{Subject: user}, 200, 201},
		"user narrowed by role":     {cellapi.Principal{Subject: user, Roles: []string{"viewer"}}, 200, 403},
		"user with a larger role":   {cellapi.Principal{Subject: user, Roles: []string{"owner"}}, 200, 201},
		"user with an unknown role": {cellapi.Principal{Subject: user, Roles: []string{"root"}}, 403, 403},
		"user with scopes":          {cellapi.Principal{Subject: user, Scopes: []string{"openid", "workspaces:read"}}, 200, 403},
		"user with foreign scopes":  {cellapi.Principal{Subject: user, Scopes: []string{"openid"}}, 200, 201},
		"unknown user":              {cellapi.Principal{Subject: uuid.NewString(), Client: "app", Roles: []string{"owner"}}, 401, 401},
		"nobody":                    {cellapi.Principal{Subject: "bob"}, 401, 401},
		"machine":                   {robot(nil, "admin"), 200, 201},
		"viewing machine":           {robot(nil, "viewer"), 200, 403},
		"machine without roles":     {robot(nil), 403, 403},
		"machine with unknown role": {robot(nil, "root"), 403, 403},
		"machine with scopes":       {robot([]string{"projects:read"}, "owner"), 403, 403},
	} {
		if a := p.asPrincipal(t, tn, c.principal, get); a.status != c.read {
			t.Errorf("%s reads: %d %s", name, a.status, a.body)
		}
		if a := p.asPrincipal(t, tn, c.principal, write()); a.status != c.write {
			t.Errorf("%s writes: %d %s", name, a.status, a.body)
		}
	}
	both := p.do(t, p.addresses.API, get, func(r *http.Request) {
		signToken(r, tn, robot(nil, "owner"))
		r.Header.Set("Authorization", "Bearer "+tn.key)
	})
	garbled := p.do(t, p.addresses.API, get, func(r *http.Request) {
		signToken(r, tn, robot(nil, "owner"))
		r.Header.Set(cellapi.HeaderPrincipal, "eyJ9")
	})
	if both.status != 401 || garbled.status != 401 {
		t.Errorf("two credentials: %d, a principal nobody signed: %d", both.status, garbled.status)
	}
	expect(t, p.asPrincipal(t, tn, robot(nil, "admin"), write()), 201)
	var list api.AuditList
	if err := json.Unmarshal(p.asTenant(t, tn, request{method: "GET", target: "/v1/audit-log?limit=1"}).body, &list); err != nil {
		t.Fatal(err)
	}
	if actor := list.Items[0].Actor; actor.Kind != "client" || actor.ID != nil || actor.Client == nil || *actor.Client != "robot" || *actor.Subject != "robot" {
		t.Errorf("audit: %+v", list.Items[0])
	}
}
