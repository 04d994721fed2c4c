package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/fault"
)

func TestBadInputIsExplainedAndNotStored(t *testing.T) {
	t.Parallel()
	p := shared()
	tn, other := p.admit(t), p.admit(t)
	foreign := expect(t, p.asTenant(t, other, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "theirs"}}), 201).text("id")
	id := "01900000-0000-7000-8000-000000000000"
	post := func(body any) request { return request{method: "POST", target: "/v1/workspaces", body: body} }
	for _, c := range []struct {
		name   string
		r      request
		status int
		code   fault.Code
	}{
		{"not JSON", post(`{"name":`), 400, fault.Malformed},
		{"no body", request{method: "POST", target: "/v1/workspaces", media: "application/json"}, 400, fault.Malformed},
		{"two values", post(`{"name":"x"}{"name":"y"}`), 400, fault.Malformed},
		{"not UTF-8", post("{\"name\":\"\xff\"}"), 400, fault.Malformed},
		{"NUL", post(`{"name":"a\u0000b"}`), 400, fault.Malformed},
		{"array", post(`[]`), 422, fault.Invalid},
		{"null", post(`null`), 422, fault.Invalid},
		{"unknown field", post(map[string]any{"name": "x", "tenant_id": other.id}), 422, fault.Invalid},
		{"missing name", post(map[string]any{}), 422, fault.Invalid},
		{"empty name", post(map[string]any{"name": ""}), 422, fault.Invalid},
		{"blank name", post(map[string]any{"name": "  "}), 422, fault.Invalid},
		{"line break in name", post(map[string]any{"name": "x\r\nBcc: all@example.org"}), 422, fault.Invalid},
		{"long name", post(map[string]any{"name": strings.Repeat("x", 101)}), 422, fault.Invalid},
		{"wrong type", post(map[string]any{"name": 7}), 422, fault.Invalid},
		{"control in text", post(map[string]any{"name": "x", "description": "\x1b[2J"}), 422, fault.Invalid},
		{"too large", post(`{"name":"` + strings.Repeat("x", 300<<10) + `"}`), 413, fault.TooLarge},
		{"deep", post(strings.Repeat(`{"name":`, 20000) + `1` + strings.Repeat(`}`, 20000)), 400, fault.Malformed},
		{"media type", request{method: "POST", target: "/v1/workspaces", body: `{"name":"x"}`, media: "text/plain"}, 415, fault.UnsupportedMedia},
		{"PATCH as a list of changes", request{method: "PATCH", target: "/v1/organization", body: `[]`, media: "application/json-patch+json"}, 415, fault.UnsupportedMedia},
		{"nothing to change", request{method: "PATCH", target: "/v1/organization", body: map[string]any{}}, 422, fault.Invalid},
		{"null name", request{method: "PATCH", target: "/v1/organization", body: `{"name":null}`}, 422, fault.Invalid},
		{"id", request{method: "GET", target: "/v1/workspaces/1"}, 422, fault.Invalid},
		{"id with injection", request{method: "GET", target: "/v1/workspaces/'%20OR%20'1'='1"}, 422, fault.Invalid},
		{"unknown id", request{method: "GET", target: "/v1/workspaces/" + id}, 404, fault.NotFound},
		{"foreign id", request{method: "GET", target: "/v1/workspaces/" + foreign}, 404, fault.NotFound},
		{"foreign delete", request{method: "DELETE", target: "/v1/workspaces/" + foreign}, 404, fault.NotFound},
		{"foreign workspace", request{method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": foreign, "name": "x"}}, 422, fault.Invalid},
		{"If-Match", request{method: "DELETE", target: "/v1/workspaces/" + id, header: http.Header{"If-Match": {"v1"}}}, 422, fault.Invalid},
		{"status filter", request{method: "GET", target: "/v1/projects?status=lost"}, 422, fault.Invalid},
		{"NUL in query", request{method: "GET", target: "/v1/projects?status=%00"}, 400, fault.Malformed},
		{"e-mail", request{method: "POST", target: "/v1/users", body: map[string]any{"email": "x@", "name": "x", "role": "viewer"}}, 422, fault.Invalid},
		{"e-mail with name", request{method: "POST", target: "/v1/users", body: map[string]any{"email": "X <x@example.org>", "name": "x", "role": "viewer"}}, 422, fault.Invalid},
		{"role", request{method: "POST", target: "/v1/users", body: map[string]any{"email": "x@example.org", "name": "x", "role": "root"}}, 422, fault.Invalid},
		{"unknown path", request{method: "GET", target: "/v1/nothing"}, 404, fault.NotFound},
		{"method", request{method: "PUT", target: "/v1/workspaces", body: `{}`}, 405, fault.MethodNotAllowed},
	} {
		a := p.asTenant(t, tn, c.r)
		if a.status != c.status || a.code() != string(c.code) || a.text("request_id") == "" || a.header.Get("Content-Type") != fault.ContentType {
			t.Errorf("%s: %d %v %s", c.name, a.status, a.header, a.body)
		}
	}
	for _, target := range []string{"/v1/workspaces", "/v1/projects"} {
		if a := p.asTenant(t, tn, request{method: "GET", target: target}); string(a.body) != "{\"items\":[]}\n" {
			t.Errorf("something was stored: %s", a.body)
		}
	}
}

func TestBadInputAtTheInternalDoor(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := newTenant()
	path := "/internal/v1/tenants/" + tn.id.String()
	with := func(field string, value any) map[string]any {
		body := tn.arrival()
		body[field] = value
		return body
	}
	for _, c := range []struct {
		name   string
		r      request
		status int
	}{
		{"reserved slug", request{method: "PUT", target: path, body: with("slug", "admin")}, 422},
		{"punycode slug", request{method: "PUT", target: path, body: with("slug", "xn--80ak6aa92e")}, 422},
		{"epoch 0", request{method: "PUT", target: path, body: with("epoch", 0)}, 422},
		{"epoch too large", request{method: "PUT", target: path, body: with("epoch", 1e17)}, 422},
		{"key hash", request{method: "PUT", target: path, body: with("owner_key_hash", "x")}, 422},
		{"unknown field", request{method: "PUT", target: path, body: with("state", "live")}, 422},
		{"tenant id", request{method: "PUT", target: "/internal/v1/tenants/batch", body: tn.arrival()}, 422},
		{"empty batch", request{method: "POST", target: "/internal/v1/tenants/batch", body: `{"tenants":[]}`}, 422},
		{"no epoch", request{method: "DELETE", target: path}, 422},
		{"not prepared", request{method: "POST", target: path + "/activate", body: `{"epoch":1}`}, 404},
		{"not here", request{method: "DELETE", target: path + "?epoch=1"}, 204},
	} {
		if a := p.asControlPlane(t, c.r); a.status != c.status {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	if a := p.asControlPlane(t, request{method: "GET", target: "/internal/v1/tenants"}); string(a.body) != "{\"tenants\":[]}\n" {
		t.Errorf("something was stored: %s", a.body)
	}
}
