package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/coditect/platform/shared/fault"
)

// The bounds of a request.
const (
	MaxTokens = 4000  // of its text
	MaxDepth  = 15    // of its fields, one within the other
	MaxReads  = 40    // fields that are read from the database
	MaxCost   = 20000 // values that the answer may hold; see doc.go

	readCost = 10 // of a field that is read, for every object that has it
	maxText  = 200
)

// budget is what a plan has spent of a request's bounds.
type budget struct{ cost, reads int }

// spend counts a field that is selected of so many objects, at a depth.
func (b *budget) spend(f graphql.CollectedField, times, depth int, read bool) error {
	if depth > MaxDepth {
		return beyond(f, "fields are nested more than %d deep", MaxDepth)
	}
	if read {
		times *= readCost
		if b.reads++; b.reads > MaxReads {
			return beyond(f, "more than %d fields have to be read; send several requests", MaxReads)
		}
	}
	if b.cost += times; b.cost > MaxCost {
		return beyond(f, "the answer might hold more than %d values; ask for smaller pages or fewer fields", MaxCost)
	}
	return nil
}

func beyond(f graphql.CollectedField, format string, args ...any) error {
	return broken(f, fault.New(fault.Invalid, format, args...).Message)
}

// broken says at which field a request breaks a rule.
func broken(f graphql.CollectedField, message string) error {
	return fault.New(fault.Invalid, "the query breaks rules of the API").
		At("/query", "line %d, column %d, %s: %s", f.Position.Line, f.Position.Column, f.Name, message)
}
