package app_test

import (
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
)

// value makes a value that the schema allows. Its example goes first, in which
// {unique} is replaced; a property that ends in _id names a thing of the world
// that of returns for it.
func (w *world) value(name string, schema *openapi3.Schema, of func(string) *world) any {
	w.t.Helper()
	switch text, isText := schema.Example.(string); {
	case isText:
		return strings.ReplaceAll(text, "{unique}", unique())
	case schema.Example != nil:
		return schema.Example
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case makers()[name] != nil && schema.Format == "uuid":
		return of(name).make(w.t, name, nil)
	case schema.Type.Includes("object"):
		return w.object(schema, of)
	case schema.Type.Includes("array"):
		items := make([]any, max(1, schema.MinItems))
		for i := range items {
			items[i] = w.value(strings.TrimSuffix(name, "s"), schema.Items.Value, of)
		}
		return items
	case schema.Type.Includes("string"):
		return textFor(schema)
	case schema.Type.Includes("integer"), schema.Type.Includes("number"):
		if schema.Min != nil {
			return *schema.Min
		}
		return 1
	case schema.Type.Includes("boolean"):
		return true
	}
	w.t.Fatalf("nobody knows how to make %q: give its schema an example", name)
	return nil
}

// object has the required properties, and others up to the least number.
func (w *world) object(schema *openapi3.Schema, of func(string) *world) map[string]any {
	w.t.Helper()
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	object := map[string]any{}
	for _, name := range schema.Required {
		object[name] = w.value(name, schema.Properties[name].Value, of)
	}
	for _, name := range names {
		if uint64(len(object)) >= schema.MinProps {
			break
		}
		if _, has := object[name]; !has {
			object[name] = w.value(name, schema.Properties[name].Value, of)
		}
	}
	return object
}

func textFor(schema *openapi3.Schema) string {
	switch schema.Format {
	case "uuid":
		return uuid.NewString()
	case "date-time":
		return time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	case "date":
		return time.Now().UTC().Format(time.DateOnly)
	}
	s := unique()
	if schema.MaxLength != nil && uint64(len(s)) > *schema.MaxLength {
		s = s[:*schema.MaxLength]
	}
	return s
}
