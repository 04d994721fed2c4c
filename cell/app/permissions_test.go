package app_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// Every operation of the API's document is tried with every role: 403 exactly
// where the role lacks the permission that the document declares.
func TestEveryOperationWithEveryRole(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := p.admit(t)
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []cell.Role{cell.Viewer, cell.Member, cell.Admin, cell.Owner} {
		caller := tn
		caller.key = newKey(tn.id)
		user := expect(t, p.asTenant(t, tn, request{
			method: "POST", target: "/v1/users", body: map[string]any{"email": uuid.NewString() + "@example.org", "name": "x", "role": role},
		}), 201)
		p.addKey(t, tn, user.text("id"), caller.key)
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				permission := cell.Permission(op.Extensions["x-permission"].(string))
				a := p.asTenant(t, caller, sample(method, path, op.OperationID))
				if refused := a.status == 403; refused == role.Has(permission) || a.status >= 500 || a.status == 401 {
					t.Errorf("%s %s as %s: %d %s", method, path, role, a.status, a.body)
				}
			}
		}
	}
}

// sample is a request that passes the document's rules; the things it names do
// not exist.
func sample(method, path, operation string) request {
	for _, id := range []string{"{user_id}", "{key_id}", "{workspace_id}", "{project_id}"} {
		path = strings.Replace(path, id, uuid.NewString(), 1)
	}
	r := request{method: method, target: path}
	switch {
	case operation == "createUser":
		r.body = map[string]any{"email": uuid.NewString() + "@example.org", "name": "x", "role": "viewer"}
	case operation == "createProject":
		r.body = map[string]any{"workspace_id": uuid.NewString(), "name": "x"}
	case method == "POST" || method == "PATCH":
		r.body = map[string]any{"name": uuid.NewString()}
	}
	return r
}
