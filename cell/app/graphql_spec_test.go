package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/fault"
)

// These tests walk the schema: a field that is added to it is tried by them, or
// they fail and say what they need to know of it.

// graphField is a field that has to be read.
type graphField struct {
	of, name string
	needs    cell.Permission
	spec     *ast.FieldDefinition
}

func (f graphField) String() string { return f.of + "." + f.name }

func graphSchema(t *testing.T) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: api.GraphSchema})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func graphFields(t *testing.T, schema *ast.Schema) []graphField {
	t.Helper()
	var fields []graphField
	for _, object := range schema.Types {
		if object.Kind != ast.Object || strings.HasPrefix(object.Name, "__") {
			continue
		}
		for _, f := range object.Fields {
			needs := f.Directives.ForName("needs")
			if needs == nil {
				if object == schema.Query && !strings.HasPrefix(f.Name, "__") {
					t.Errorf("Query.%s declares no permission", f.Name)
				}
				continue
			}
			p := cell.Permission(needs.Arguments.ForName("permission").Value.Raw)
			if !p.Known() && p != cell.Anyone {
				t.Errorf("%s.%s: %q is not a permission", object.Name, f.Name, p)
			}
			fields = append(fields, graphField{object.Name, f.Name, p, f})
		}
	}
	if len(fields) < 25 {
		t.Fatalf("only %d fields", len(fields))
	}
	return fields
}

// way leads to an object of a type: a query with %s in its place, made with the
// ids of a world, where that is in the answer, and what the way needs.
type way struct {
	query string
	path  []any
	needs []cell.Permission
	ids   []string // what the query names by %s, before the place
}

// ways leads to every type that has fields which are read.
var ways = map[string]way{
	"Query":           {query: "{ %s }"},
	"User":            {`{ user(id: "%s") { id %s } }`, []any{"user"}, []cell.Permission{cell.UsersRead}, []string{"user_id"}},
	"Workspace":       {`{ workspace(id: "%s") { id %s } }`, []any{"workspace"}, []cell.Permission{cell.WorkspacesRead}, []string{"workspace_id"}},
	"Project":         {`{ project(id: "%s") { id %s } }`, []any{"project"}, []cell.Permission{cell.ProjectsRead}, []string{"project_id"}},
	"WebhookEndpoint": {`{ webhookEndpoint(id: "%s") { id %s } }`, []any{"webhookEndpoint"}, []cell.Permission{cell.WebhooksRead}, []string{"endpoint_id"}},
	"Member":          {`{ workspace(id: "%s") { members { edges { node { userId %s } } } } }`, []any{"workspace", "members", "edges", 0, "node"}, []cell.Permission{cell.WorkspacesRead}, []string{"inhabited"}},
	"AuditEntry":      {`{ auditLog(first: 1) { edges { node { id %s } } } }`, []any{"auditLog", "edges", 0, "node"}, []cell.Permission{cell.AuditRead}, nil},
}

// madeFor says which maker of spec_world_test.go makes what a field's argument
// names.
var madeFor = map[string]string{
	"user.id": "user_id", "userId": "user_id", "memberId": "user_id", "actor": "user_id", "subject": "user_id", "workspaceId": "workspace_id",
	"invitation.id": "invitation_id", "role.id": "role_id", "workspace.id": "workspace_id", "project.id": "project_id",
	"webhookEndpoint.id": "endpoint_id", "job.id": "job_id", "schedule.id": "schedule_id",
}

// idFor makes what an argument of the type ID names.
func (w *world) idFor(t *testing.T, f graphField, argument string) string {
	t.Helper()
	for _, name := range []string{f.name + "." + argument, argument} {
		if maker := madeFor[name]; maker != "" {
			return w.make(t, maker, nil)
		}
	}
	t.Fatalf("%s(%s:): nobody knows how to make it: add it to madeFor in graphql_spec_test.go", f, argument)
	return ""
}

// sampleField asks for a field with the given arguments, and for all that it has
// but what is read in turn.
func sampleField(schema *ast.Schema, f graphField, arguments map[string]string) string {
	text := f.name
	if len(arguments) > 0 {
		var list []string
		for name, value := range arguments {
			list = append(list, fmt.Sprintf("%s: %q", name, value))
		}
		text += "(" + strings.Join(list, ", ") + ")"
	}
	return text + selectAll(schema, f.spec.Type)
}

func selectAll(schema *ast.Schema, of *ast.Type) string {
	object := schema.Types[of.Name()]
	if object.IsLeafType() {
		return ""
	}
	var fields []string
	for _, f := range object.Fields {
		if f.Directives.ForName("needs") == nil && !strings.HasPrefix(f.Name, "__") {
			fields = append(fields, f.Name+selectAll(schema, f.Type))
		}
	}
	return " { " + strings.Join(fields, " ") + " }"
}

// sample returns a query for the field and where that is in the answer.
func (w *world) sampleQuery(t *testing.T, schema *ast.Schema, f graphField) (query string, path []any) {
	t.Helper()
	way, known := ways[f.of]
	if !known {
		t.Fatalf("nobody knows the way to a %s: add it to ways in graphql_spec_test.go", f.of)
	}
	var parts []any
	for _, id := range way.ids {
		parts = append(parts, w.make(t, id, nil))
	}
	arguments := map[string]string{}
	for _, a := range f.spec.Arguments {
		if a.Type.NonNull {
			arguments[a.Name] = w.idFor(t, f, a.Name)
		}
	}
	return fmt.Sprintf(way.query, append(parts, sampleField(schema, f, arguments))...), append(append([]any{}, way.path...), f.name)
}

// Every field that is read is tried with every built-in role and two that the
// tenant made, like every operation of the REST API.
func TestEveryFieldWithEveryRole(t *testing.T) {
	t.Parallel()
	p, schema := shared(), graphSchema(t)
	for _, f := range graphFields(t, schema) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			query, path := w.sampleQuery(t, schema, f)
			for name, role := range w.rolesAround(f.needs) {
				caller := w.as(role.user)
				may := f.needs == cell.Anyone || role.grant.Has(f.needs)
				for _, p := range ways[f.of].needs {
					may = may && role.grant.Has(p)
				}
				got := p.query(t, caller, query, nil)
				switch shown := at(got.Data, path...); {
				case may && (len(got.Errors) > 0 || shown == nil):
					t.Errorf("%s may, yet: %+v %v\n%s", name, got.Errors, got.Data, query)
				case !may && (shown != nil || len(got.Errors) != 1 || got.Errors[0].Extensions.Code != fault.Forbidden):
					t.Errorf("%s may not, yet: %+v %v\n%s", name, got.Errors, got.Data, query)
				}
			}
		})
	}
}

// Ids of another tenant are no ids here: what they name is not found, and lists
// that they narrow are empty.
func TestEveryFieldWithForeignIDs(t *testing.T) {
	t.Parallel()
	p, schema := shared(), graphSchema(t)
	for _, f := range graphFields(t, schema) {
		if f.of != "Query" {
			continue // they have no arguments that name something
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			mine, theirs := newWorld(t, p), newWorld(t, p)
			mine.make(t, "project_id", nil) // lists that are not narrowed are not empty
			before := mine.digest(t) + theirs.digest(t)
			for _, a := range f.spec.Arguments {
				if a.Type.Name() != "ID" {
					continue
				}
				foreign := theirs.idFor(t, f, a.Name)
				before = mine.digest(t) + theirs.digest(t)
				got := p.query(t, mine.tn, "{ "+sampleField(schema, f, map[string]string{a.Name: foreign})+" }", nil)
				switch shown := got.Data[f.name]; {
				case a.Type.NonNull && (shown != nil || len(got.Errors) != 1 || got.Errors[0].Extensions.Code != fault.NotFound):
					t.Errorf("%s: %+v %v", a.Name, got.Errors, got.Data)
				case !a.Type.NonNull && (len(nodes(shown)) != 0 || len(got.Errors) != 0 || shown == nil):
					t.Errorf("%s: %+v %v", a.Name, got.Errors, got.Data)
				}
			}
			if mine.digest(t)+theirs.digest(t) != before {
				t.Error("something changed")
			}
		})
	}
}
