package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/graph"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// store finds full pages for every lookup, and counts.
type store struct {
	trips   int
	lookups int
	most    int // in one trip
}

func (s *store) LookUp(_ context.Context, call *cell.Call, next func() ([]cell.Lookup, bool)) error {
	call.Admitted = cell.Actor{Role: cell.Owner}
	for last := false; !last; {
		var lookups []cell.Lookup
		lookups, last = next()
		s.trips, s.lookups, s.most = s.trips+1, s.lookups+len(lookups), max(s.most, len(lookups))
		for _, l := range lookups {
			switch l := l.(type) {
			case *cell.WorkspaceLookup:
				fill(l.Common(), func(id uuid.UUID) cell.Workspace { return cell.Workspace{ID: id, Name: "w"} })
			case *cell.ProjectLookup:
				fill(l.Common(), func(id uuid.UUID) cell.Project { return cell.Project{ID: id, WorkspaceID: uuid.New(), Name: "p"} })
			case *cell.MemberLookup:
				fill(l.Common(), func(id uuid.UUID) cell.WorkspaceMember { return cell.WorkspaceMember{UserID: id} })
			case *cell.UserLookup:
				fill(l.Common(), func(id uuid.UUID) cell.User { return cell.User{ID: id, Name: "u"} })
			}
		}
	}
	return nil
}

func fill[T any](l *cell.LookupOf[T], make func(uuid.UUID) T) {
	for _, id := range l.IDs {
		l.Rows = append(l.Rows, make(id))
	}
	parents := l.Of
	if l.IDs == nil && l.Of == nil {
		parents = []uuid.UUID{uuid.Nil}
	}
	for _, parent := range parents {
		for range l.Page.Limit + 1 {
			l.Rows, l.Parents = append(l.Rows, make(uuid.New())), append(l.Parents, parent)
		}
	}
}

var tenant = tenancy.NewID()

func ask(t *testing.T, s graph.Store, r graph.Request) ([]byte, error) {
	t.Helper()
	g, err := graph.New(s, func(span cell.UsageSpan) (cell.UsageSpan, error) { return span, nil }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return g.Answer(t.Context(), &cell.Call{Tenant: tenant, Permission: cell.Anyone}, r)
}

// However many objects a level has: a field of it is one lookup, and the level
// one round trip.
func TestLevelsAreReadAtOnce(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]store{
		`{ workspaces { edges { node { name } } } users { edges { node { name } } } }`:                                                            {1, 2, 2},
		`{ workspaces(first: 20) { edges { node { projects(first: 20) { edges { node { name } } } members(first: 5) { edges { cursor } } } } } }`: {2, 3, 2},
		`{ workspaces(first: 9) { edges { node { members(first: 9) { edges { node { user { workspaces(first: 9) { edges { cursor } } } } } } } } } }`: {
			4, 4, 1,
		},
		`{ __typename }`:  {1, 0, 0},
		`{ me { role } }`: {1, 0, 0},
		`{ user(id: "` + uuid.NewString() + `") { name } }`: {1, 1, 1},
	} {
		s := &store{}
		body, err := ask(t, s, graph.Request{Query: query})
		if err != nil || strings.Contains(string(body), "errors") || *s != want {
			t.Errorf("%s: %+v, want %+v: %v %.300s", query, *s, want, err, body)
		}
	}
}

func fragments(n int, body func(i int) string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "fragment f%d on Workspace { %s } ", i, body(i))
	}
	return b.String()
}

// What breaks a rule is refused before anything is read, soon, and says why.
func TestHostileQueriesAreRefusedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return "{ workspaces(first: 1) " + strings.Repeat("{ edges { node { projects(first: 1) { edges { node { workspace { members(first: 1) { edges { node { user { workspaces(first: 1) ", n) +
			"{ edges { cursor } }" + strings.Repeat(" } } } } } } } } } } }", n) + " }"
	}
	aliases := func(n int, field string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%d: %s ", i, field)
		}
		return "{ " + b.String() + "}"
	}
	for name, c := range map[string]struct {
		query     string
		variables map[string]any
		says      string
	}{
		"too deep":            {query: nested(2), says: "nested more than"},
		"very deep":           {query: strings.Repeat("{ a ", 900) + strings.Repeat("}", 900), says: "Cannot query field"},
		"too many tokens":     {query: aliases(3000, "__typename"), says: "token limit"},
		"alias bomb":          {query: aliases(200, "users(first: 1) { edges { cursor } }"), says: "have to be read"},
		"aliases of values":   {query: "{ users(first: 200) { edges { node { " + aliases(400, "name") + " } } } }", says: "Expected"},
		"values by aliases":   {query: "{ users(first: 200) { edges { node " + aliases(400, "name") + " } } }", says: "more than 20000 values"},
		"pages within pages":  {query: "{ workspaces(first: 200) { edges { node { projects(first: 200) { edges { cursor } } } } } }", says: "more than 20000 values"},
		"cost by a variable":  {query: "query ($n: Int) { workspaces(first: $n) { edges { node { projects(first: $n) { edges { cursor } } } } } }", variables: map[string]any{"n": json.Number("200")}, says: "more than 20000 values"},
		"a default of a page": {query: "{ workspaces { edges { node { projects { edges { node { workspace { projects { edges { cursor } } } } } } } } } }", says: "more than 20000 values"},
		"fragment of itself":  {query: "{ workspaces { edges { node { ...f0 } } } } " + fragments(1, func(int) string { return "...f0" }), says: "Cannot spread fragment"},
		"circle of fragments": {query: "{ workspaces { edges { node { ...f0 } } } } " + fragments(9, func(i int) string { return fmt.Sprintf("name ...f%d", (i+1)%9) }), says: "Cannot spread fragment"},
		"doubling fragments": {query: "{ workspaces(first: 1) { edges { node { ...f0 } } } } " + fragments(40, func(i int) string {
			if i == 39 {
				return "name"
			}
			return fmt.Sprintf("a%[1]d: projects(first: 1) { edges { node { workspace { ...f%[2]d } } } } b%[1]d: projects(first: 1) { edges { node { workspace { ...f%[2]d } } } }", i, i+1)
		}), says: "fields are nested"},
		"introspection bomb":     {query: aliases(60, "__schema { types { fields { type { fields { name } } } } }"), says: "more than 20000 values"},
		"introspection, nested":  {query: "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", says: "introspection"},
		"unknown field":          {query: "{ users { edges { node { secret } } } }", says: "secret"},
		"unknown root":           {query: "{ tenants { id } }", says: "tenants"},
		"mutation":               {query: "mutation { deleteUser(id: 1) }", says: "mutation"},
		"subscription":           {query: "subscription { events }", says: "subscription"},
		"deferred":               {query: "{ users { ... @defer { edges { cursor } } } }", says: "defer"},
		"two operations":         {query: "query A { me { role } } query B { me { role } }", says: "operation"},
		"no operation":           {query: "fragment f on User { name }", says: "no operation"},
		"no query":               {query: "'; DROP TABLE users; --", says: "Unexpected"},
		"not UTF-8":              {query: "{ users(q: \"\xff\xfe\") { edges { cursor } } }", says: "line 1"},
		"NUL":                    {query: `{ users(q: "\u0000") { edges { cursor } } }`, says: "NUL"},
		"NUL in a variable":      {query: `query ($q: String) { users(q: $q) { edges { cursor } } }`, variables: map[string]any{"q": "\x00"}, says: "NUL"},
		"long text":              {query: `{ users(q: "` + strings.Repeat("x", 300) + `") { edges { cursor } } }`, says: "up to 200"},
		"no id":                  {query: `{ user(id: "1; DROP") { name } }`, says: "id"},
		"an id of zero":          {query: `query ($id: ID!) { user(id: $id) { name } }`, variables: map[string]any{"id": map[string]any{}}, says: "id"},
		"no variable":            {query: `query ($id: ID!) { user(id: $id) { name } }`, says: "id"},
		"page of none":           {query: `{ users(first: 0) { edges { cursor } } }`, says: "1 to 200"},
		"page too large":         {query: `{ users(first: 201) { edges { cursor } } }`, says: "1 to 200"},
		"page below none":        {query: `{ users(first: -1) { edges { cursor } } }`, says: "1 to 200"},
		"page of a large number": {query: `{ users(first: 99999999999999999999) { edges { cursor } } }`, says: "32-bit"},
		"no cursor":              {query: `{ users(after: "x") { edges { cursor } } }`, says: "not a cursor"},
		"another list's cursor":  {query: `{ users(after: "` + cell.EncodeCursor(tenant, "jobs", uuid.New()) + `") { edges { cursor } } }`, says: "not a cursor"},
		"another tenant's":       {query: `{ users(after: "` + cell.EncodeCursor(tenancy.NewID(), "users", uuid.New()) + `") { edges { cursor } } }`, says: "not a cursor"},
		"no day":                 {query: `{ usage(from: "yesterday") { day } }`, says: "from"},
		"no time":                {query: `{ auditLog(since: "now") { edges { cursor } } }`, says: "since"},
		"no such status":         {query: `{ users(status: gone) { edges { cursor } } }`, says: "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, begun := &store{}, time.Now()
			body, err := ask(t, s, graph.Request{Query: c.query, Variables: c.variables})
			if fault.CodeOf(err) != fault.Invalid || s.trips != 0 || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d trips: %v %.200s", s.trips, err, body)
			}
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// What clients send to learn the schema is within the bounds.
func TestTheSchemaCanBeAskedFor(t *testing.T) {
	t.Parallel()
	body, err := ask(t, &store{}, graph.Request{Query: introspection.Query, Operation: "IntrospectionQuery"})
	if err != nil || strings.Contains(string(body), `"errors"`) || !strings.Contains(string(body), "WebhookEndpoint") {
		t.Errorf("%v %.500s", err, body)
	}
}

// failing is a database that does not answer.
type failing struct{}

func (failing) LookUp(context.Context, *cell.Call, func() ([]cell.Lookup, bool)) error {
	return fault.New(fault.Unavailable, "try again")
}

func TestWhatFailsForAllFailsTheRequest(t *testing.T) {
	t.Parallel()
	if body, err := ask(t, failing{}, graph.Request{Query: "{ me { role } }"}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("%v %s", err, body)
	}
}

func FuzzQueries(f *testing.F) {
	f.Add("{ users(first: 3) { edges { cursor node { ...x } } } } fragment x on User { name workspaces(first: 2) { edges { node { name } } } }", "")
	f.Add(introspection.Query, "IntrospectionQuery")
	f.Add("query A($x: Int = 1) { a: users(first: $x) @skip(if: true) { edges { cursor } } }", "A")
	f.Fuzz(func(t *testing.T, query, operation string) {
		s := &store{}
		body, err := ask(t, s, graph.Request{Query: query, Operation: operation})
		switch {
		case err != nil && fault.CodeOf(err) != fault.Invalid:
			t.Fatalf("%v", err)
		case err == nil && !json.Valid(body):
			t.Fatalf("%s", body)
		case s.lookups > graph.MaxReads:
			t.Fatalf("%d lookups", s.lookups)
		}
	})
}
