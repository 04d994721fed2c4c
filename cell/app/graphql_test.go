package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// graphAnswer is what a query is answered with.
type graphAnswer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct {
			Code      fault.Code
			RequestID string `json:"request_id"`
		}
	}
}

func graphQuery(query string, variables map[string]any) request {
	body := map[string]any{"query": query}
	if variables != nil {
		body["variables"] = variables
	}
	return request{method: "POST", target: "/v1/graphql", body: body}
}

func (p *process) query(t *testing.T, tn tenant, query string, variables map[string]any) graphAnswer {
	t.Helper()
	var got graphAnswer
	a := expect(t, p.asTenant(t, tn, graphQuery(query, variables)), 200)
	if err := json.Unmarshal(a.body, &got); err != nil || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %v %s", err, a.header, a.body)
	}
	return got
}

// at follows names and indexes into an answer; nil if there is nothing.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func nodes(connection any) []any {
	edges, _ := at(connection, "edges").([]any)
	list := []any{}
	for _, edge := range edges {
		list = append(list, at(edge, "node"))
	}
	return list
}

func TestQueryReadsWhatRESTReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	var spaces []string
	for i := range 3 {
		id := w.made(t, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": fmt.Sprintf("w%d", i)}})
		for j := range i + 2 {
			w.made(t, request{method: "POST", target: "/v1/projects", body: map[string]any{
				"name": fmt.Sprintf("p%d%d", i, j), "workspace_id": id, "description": "blue moon", "tags": []string{"a", "b"},
			}})
		}
		spaces = append(spaces, id)
	}
	user := w.make(t, "user_id", nil)
	for _, space := range spaces[:2] {
		expect(t, w.p.asTenant(t, w.tn, request{method: "PUT", target: "/v1/workspaces/" + space + "/members/" + user}), 204)
	}

	got := w.p.query(t, w.tn, `query ($n: Int!, $user: ID!) {
		workspaces(first: 2) {
			pageInfo { hasNextPage hasPreviousPage endCursor }
			edges { cursor node { id name members { edges { node { userId user { email status } } } }
				few: projects(first: $n) { edges { cursor node { name tags workspace { name } } } pageInfo { hasNextPage } }
				none: projects(q: "green") { edges { cursor } }
				found: projects(q: "MOON", tag: "b", status: active) { edges { node { name } } } } }
		}
		user(id: $user) { workspaces { edges { node { name } } } apiKeys { id } sessions { id } }
		organization { name slug id }
		me { tenantId userId role permissions }
	}`, map[string]any{"n": 2, "user": user})
	if len(got.Errors) > 0 {
		t.Fatalf("%+v", got.Errors)
	}
	second := at(got.Data, "workspaces", "edges", 1, "node")
	switch {
	case at(second, "name") != "w1", at(second, "id") != spaces[1], at(got.Data, "workspaces", "pageInfo", "hasNextPage") != true,
		at(got.Data, "workspaces", "pageInfo", "hasPreviousPage") != false:
		t.Errorf("workspaces: %v", got.Data["workspaces"])
	case at(second, "members", "edges", 0, "node", "userId") != user, at(second, "members", "edges", 0, "node", "user", "status") != "active":
		t.Errorf("members: %v", second)
	case len(nodes(at(second, "few"))) != 2, at(second, "few", "pageInfo", "hasNextPage") != true, at(second, "few", "edges", 1, "node", "name") != "p11",
		at(second, "few", "edges", 1, "node", "workspace", "name") != "w1", len(nodes(at(second, "none"))) != 0, len(nodes(at(second, "found"))) != 3:
		t.Errorf("projects: %v", second)
	case len(nodes(at(got.Data, "user", "workspaces"))) != 2, at(got.Data, "organization", "slug") != w.tn.slug, at(got.Data, "me", "role") != "owner":
		t.Errorf("%v", got.Data)
	}

	// Cursors are the same here and there.
	next := w.p.query(t, w.tn, `query ($after: String) { workspaces(after: $after) { edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage } } }`,
		map[string]any{"after": at(got.Data, "workspaces", "pageInfo", "endCursor")})
	if list := nodes(next.Data["workspaces"]); len(list) != 1 || at(list[0], "name") != "w2" || at(next.Data, "workspaces", "pageInfo", "hasPreviousPage") != true {
		t.Errorf("%+v", next)
	}
	cursor, _ := at(got.Data, "workspaces", "edges", 0, "cursor").(string)
	if a := expect(t, w.p.asTenant(t, w.tn, get("/v1/workspaces?limit=1&cursor="+cursor)), 200); !strings.Contains(string(a.body), `"w1"`) || a.text("next_cursor") == "" {
		t.Errorf("%s", a.body)
	}
}

// The same field in several places, of the same object with other arguments.
func TestAliasesAndFragmentsKeepApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	project := w.make(t, "project_id", nil)
	space, _ := at(w.p.query(t, w.tn, `query ($id: ID!) { project(id: $id) { workspaceId } }`, map[string]any{"id": project}).Data, "project", "workspaceId").(string)
	for range 2 {
		w.made(t, request{method: "POST", target: "/v1/projects", body: map[string]any{"name": unique(), "workspace_id": space}})
	}
	got := w.p.query(t, w.tn, `query ($id: ID!, $no: Boolean = false) {
		workspace(id: $id) { ...One ... on Workspace { two: projects(first: 2) { edges { cursor } } } ...Skipped @include(if: $no) }
		a: workspaces { x: edges { node { p: projects(first: 1) { edges { cursor } } } } y: edges { n: node { p: projects(first: 3) { e: edges { cursor } } ...One } } }
	}
	fragment One on Workspace { one: projects(first: 1) { edges { node { workspace { name } } } } }
	fragment Skipped on Workspace { skipped: projects { edges { cursor } } }`, map[string]any{"id": space})
	count := func(path ...any) int { list, _ := at(got.Data, path...).([]any); return len(list) }
	if len(got.Errors) > 0 || count("workspace", "one", "edges") != 1 || count("workspace", "two", "edges") != 2 ||
		count("a", "x", 0, "node", "p", "edges") != 1 || count("a", "y", 0, "n", "p", "e") != 3 || count("a", "y", 0, "n", "one", "edges") != 1 ||
		at(got.Data, "workspace", "skipped") != nil || at(got.Data, "workspace", "one", "edges", 0, "node", "workspace", "name") == nil {
		t.Errorf("%+v %v", got.Errors, got.Data)
	}
}

// Whoever may not see a part gets the rest, also of what concerns itself.
func TestEachFieldHasItsOwnRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	user, other := w.p.addUser(t, w.tn, "viewer"), w.p.addUser(t, w.tn, "viewer")
	w.beginSession(t, user)
	caller := w.as(user)
	got := w.p.query(t, caller, `query ($own: ID!, $other: ID!) {
		users { edges { node { id } } } auditLog { edges { cursor } }
		mine: sessions(userId: $own) { userId expiresAt } theirs: sessions(userId: $other) { id } keys: apiKeys(userId: $own) { prefix lastUsedOn }
		user(id: $other) { email apiKeys { id } }
	}`, map[string]any{"own": user, "other": other})
	var places []string
	for _, e := range got.Errors {
		if e.Extensions.Code != fault.Forbidden || e.Extensions.RequestID == "" || !strings.Contains(e.Message, "needs ") {
			t.Errorf("%+v", e)
		}
		places = append(places, fmt.Sprint(e.Path...))
	}
	if len(places) != 3 || got.Data["auditLog"] != nil || got.Data["theirs"] != nil || at(got.Data, "user", "apiKeys") != nil {
		t.Errorf("refused %v: %v", places, got.Data)
	}
	if len(nodes(got.Data["users"])) != 3 || at(got.Data, "mine", 0, "userId") != user || at(got.Data, "keys", 0, "prefix") == nil || at(got.Data, "user", "email") == nil {
		t.Errorf("%v", got.Data)
	}
}

// What the fence says of a tenant is the whole request's answer, so that the
// router follows.
func TestQueryPassesTheFence(t *testing.T) {
	t.Parallel()
	p := shared()
	stranger := newTenant()
	for _, query := range []string{"{ organization { name } }", "{ __schema { queryType { name } } }", "{ me { role } }", "{ a: __typename }"} {
		rest, graph := p.asTenant(t, stranger, get("/v1/organization")), p.asTenant(t, stranger, graphQuery(query, nil))
		if graph.status != rest.status || graph.code() != rest.code() || graph.header.Get(cellapi.HeaderTenantState) != rest.header.Get(cellapi.HeaderTenantState) {
			t.Errorf("%s: %d %v, REST %d %v", query, graph.status, graph.header, rest.status, rest.header)
		}
	}
	tn := p.admit(t)
	if a := expect(t, p.asTenant(t, tn, graphQuery("{ me { role } }", nil)), 200); a.header.Get(cellapi.HeaderTenantEpoch) != "1" {
		t.Errorf("%v", a.header)
	}
	once := graphQuery("{ me { role } }", nil)
	once.header = http.Header{"Idempotency-Key": {"k"}} // of no meaning here
	for range 2 {
		if a := expect(t, p.asTenant(t, tn, once), 200); a.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%v", a.header)
		}
	}
}
