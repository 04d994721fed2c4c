package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// want is a field that has to be read.
type want struct {
	place string // the names in the answer down to it, as in "users.edges.node.workspaces"
	need  cell.Permission
	ask   ask
	below []*want // of the objects that it yields
}

// planner finds what an operation wants, within the bounds.
type planner struct {
	rules     rules
	operation *graphql.OperationContext
	schema    *ast.Schema
	budget    budget
}

// spot is an object of the answer, as the planner sees it.
type spot struct {
	place string
	depth int
	times int // how many of it there may be
	page  int // if it is a connection: how many edges it may have
}

func (p *planner) plan() ([]*want, error) {
	return p.walk(p.operation.Operation.SelectionSet, p.schema.Query, spot{times: 1})
}

// walk returns what has to be read for the fields that are selected of an
// object. It ends as soon as a bound is passed, so it never takes long.
func (p *planner) walk(selected ast.SelectionSet, object *ast.Definition, at spot) ([]*want, error) {
	var wants []*want
	for _, f := range graphql.CollectFields(p.operation, selected, []string{object.Name}) {
		found, err := p.field(f, at)
		if err != nil {
			return nil, err
		}
		wants = append(wants, found...)
	}
	return wants, nil
}

func (p *planner) field(f graphql.CollectedField, at spot) ([]*want, error) {
	needs := f.Definition.Directives.ForName("needs")
	if err := p.budget.spend(f, at.times, at.depth+1, needs != nil); err != nil {
		return nil, err
	}
	if objects := p.introspected(f); objects != nil {
		return nil, p.introspect(f, objects, at.depth+1)
	}
	object := p.schema.Types[f.Definition.Type.Name()]
	child := spot{place: within(at.place, f.Alias), depth: at.depth + 1, times: at.times}
	if f.Name == "edges" {
		child.times *= at.page
	}
	if needs == nil {
		if object.IsLeafType() {
			return nil, nil
		}
		return p.walk(f.Selections, object, child)
	}
	w, err := p.want(f, child.place, cell.Permission(needs.Arguments.ForName("permission").Value.Raw), &child)
	if err != nil {
		return nil, err
	}
	w.below, err = p.walk(f.Selections, object, child)
	return []*want{w}, err
}

// want reads the field's arguments, and says how many objects it yields.
func (p *planner) want(f graphql.CollectedField, place string, need cell.Permission, yields *spot) (*want, error) {
	read := fields[f.ObjectDefinition.Name+"."+f.Name]
	if read == nil {
		return nil, fault.New(fault.Internal, "nobody knows how to read %s.%s", f.ObjectDefinition.Name, f.Name)
	}
	a := &args{rules: p.rules, values: f.ArgumentMap(p.operation.Variables)}
	w := &want{place: place, need: need, ask: read(a)}
	if a.broken != "" {
		return nil, broken(f, a.broken)
	}
	yields.page = a.limit
	if most := f.Definition.Directives.ForName("atMost"); most != nil {
		n, err := most.Arguments.ForName("items").Value.Value(nil)
		items, ok := n.(int64)
		if err != nil || !ok {
			return nil, fault.New(fault.Internal, "the schema does not say how many %s there are", f.Name)
		}
		yields.times *= int(items)
	}
	return w, nil
}

func within(place, name string) string {
	if place == "" {
		return name
	}
	return place + "." + name
}
