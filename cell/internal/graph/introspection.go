package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
)

// introspected returns what a field of the root shows of the schema; nil if it
// is another field.
func (p *planner) introspected(f graphql.CollectedField) []any {
	switch f.Name {
	case "__schema":
		return []any{introspection.WrapSchema(p.schema)}
	case "__type":
		name, _ := f.ArgumentMap(p.operation.Variables)["name"].(string)
		return only(introspection.WrapTypeFromDef(p.schema, p.schema.Types[name]), []any{})
	}
	return nil
}

// introspect counts the values that really are shown of the schema's objects.
func (p *planner) introspect(f graphql.CollectedField, objects []any, depth int) error {
	object := p.schema.Types[f.Definition.Type.Name()]
	for _, inner := range graphql.CollectFields(p.operation, f.Selections, []string{object.Name}) {
		if err := p.budget.spend(inner, len(objects), depth+1, false); err != nil {
			return err
		}
		var shown []any
		for _, o := range objects {
			shown = show(o, inner.Name, shown)
		}
		if err := p.introspect(inner, shown, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// show adds the objects that a field of an object of the schema yields.
func show(object any, field string, shown []any) []any {
	switch o := object.(type) {
	case *introspection.Schema:
		switch field {
		case "types":
			return each(o.Types(), shown)
		case "directives":
			return each(o.Directives(), shown)
		case "queryType":
			return only(o.QueryType(), shown)
		}
	case *introspection.Type:
		switch field {
		case "fields":
			return each(o.Fields(true), shown)
		case "inputFields":
			return each(o.InputFields(), shown)
		case "interfaces":
			return each(o.Interfaces(), shown)
		case "possibleTypes":
			return each(o.PossibleTypes(), shown)
		case "enumValues":
			return each(o.EnumValues(true), shown)
		case "ofType":
			return only(o.OfType(), shown)
		}
	case *introspection.Directive:
		if field == "args" {
			return each(o.Args, shown)
		}
	case *introspection.Field:
		switch field {
		case "args":
			return each(o.Args, shown)
		case "type":
			return only(o.Type, shown)
		}
	case *introspection.InputValue:
		if field == "type" {
			return only(o.Type, shown)
		}
	}
	return shown
}

func each[T any](objects []T, shown []any) []any {
	for i := range objects {
		shown = append(shown, &objects[i])
	}
	return shown
}

func only[T any](object *T, shown []any) []any {
	if object == nil {
		return shown
	}
	return append(shown, object)
}
