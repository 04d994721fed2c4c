package graph

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// rules are what arguments are judged by besides the schema.
type rules struct {
	tenant tenancy.ID
	span   func(cell.UsageSpan) (cell.UsageSpan, error)
}

// args are a field's arguments, which the schema has let pass. What they still
// break is noted once, for all of them.
type args struct {
	rules
	values map[string]any
	limit  int // of a page; 0: the field has no pages
	cursor string
	broken string // what is wrong with one of them
}

func (a *args) refuse(name, format string, args ...any) {
	if a.broken == "" {
		a.broken = name + ": " + fmt.Sprintf(format, args...)
	}
}

// arg reads an argument; zero if it was not given.
func arg[T any](a *args, name string, read func(any) (T, error)) (value T) {
	given := a.values[name]
	if given == nil {
		return value
	}
	value, err := read(given)
	if err != nil {
		a.refuse(name, "is not what the schema says")
	}
	return value
}

func (a *args) id(name string) uuid.UUID   { return arg(a, name, graphql.UnmarshalUUID) }
func (a *args) time(name string) time.Time { return arg(a, name, UnmarshalTime) }
func (a *args) day(name string) time.Time  { return arg(a, name, UnmarshalDay) }

// text refuses what the REST API refuses, too; NUL may be spelled in a query.
func (a *args) text(name string) string {
	text := arg(a, name, graphql.UnmarshalString)
	if utf8.RuneCountInString(text) > maxText || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		a.refuse(name, "use a text of up to %d characters without NUL", maxText)
	}
	return text
}

// page reads the arguments of a list with pages. The cursors of one whose name
// is not known yet are judged later.
func (a *args) page(list string) cell.PageRequest {
	a.limit = arg(a, "first", graphql.UnmarshalInt)
	if a.values["first"] == nil {
		a.limit = cell.DefaultLimit
	}
	if a.limit < 1 || a.limit > cell.MaxLimit {
		a.refuse("first", "use 1 to %d", cell.MaxLimit)
	}
	a.cursor = a.text("after")
	page := cell.PageRequest{Limit: a.limit}
	if list != "" && a.values["after"] != nil {
		var ok bool
		if page.After, ok = cell.DecodeCursor(a.tenant, list, a.cursor); !ok {
			a.refuse("after", "is not a cursor of this list; begin without one")
		}
	}
	return page
}
