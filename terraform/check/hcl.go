package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// validation is one validation block. Its message begins with the path of what it
// checks: "network.cidr: …".
type validation struct{ path, message string }

// validations lists those of a module.
func validations(file string) ([]validation, error) {
	var all []validation
	for _, v := range blocks(file, "variable") {
		for _, b := range v.Body.Blocks {
			if b.Type != "validation" {
				continue
			}
			message, diags := b.Body.Attributes["error_message"].Expr.Value(nil)
			if diags.HasErrors() {
				return nil, fmt.Errorf("%s: %w", file, diags)
			}
			path, _, ok := strings.Cut(message.AsString(), ": ")
			if !ok || path != v.Labels[0] && !strings.HasPrefix(path, v.Labels[0]+".") {
				return nil, fmt.Errorf("%s: %q must begin with what it is about, such as %s.field: ", file, message.AsString(), v.Labels[0])
			}
			all = append(all, validation{path, message.AsString()})
		}
	}
	return all, nil
}

// variableFields returns the tree of fields of an object variable.
func variableFields(file, name string) (fields, error) {
	for _, v := range blocks(file, "variable") {
		if v.Labels[0] == name {
			return typeFields(v.Body.Attributes["type"].Expr), nil
		}
	}
	return nil, fmt.Errorf("%s: there is no variable %q", file, name)
}

// typeFields walks a type expression: object({…}), optional(object({…}), …), or a leaf.
func typeFields(expr hclsyntax.Expression) fields {
	call, ok := expr.(*hclsyntax.FunctionCallExpr)
	if !ok || call.Name != "object" && call.Name != "optional" {
		return nil
	}
	if call.Name == "optional" {
		return typeFields(call.Args[0])
	}
	object, ok := call.Args[0].(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	out := fields{}
	for _, item := range object.Items {
		out[hcl.ExprAsKeyword(item.KeyExpr)] = typeFields(item.ValueExpr)
	}
	return out
}

// blocks returns a file's top-level blocks of a type. A file that does not parse
// has none: terraform validate says why.
func blocks(file, kind string) []*hclsyntax.Block {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	parsed, _ := hclsyntax.ParseConfig(text, file, hcl.InitialPos) // see above
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	var found []*hclsyntax.Block
	for _, b := range body.Blocks {
		if b.Type == kind {
			found = append(found, b)
		}
	}
	return found
}
