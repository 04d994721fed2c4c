package workspaces

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// rules collects broken rules of one request.
type rules struct{ broken *fault.Error }

func (r *rules) breakRule(field, message string) {
	if r.broken == nil {
		r.broken = fault.New(fault.Invalid, "the request breaks rules of the API")
	}
	r.broken = r.broken.At(field, "%s", message)
}

// err returns nil rather than a nil *fault.Error in an interface.
func (r *rules) err() error {
	if r.broken == nil {
		return nil
	}
	return r.broken
}

// name refuses blank names and control characters, which could break out of a
// mail header or a log line.
func (r *rules) name(name *string) {
	if name != nil && (strings.TrimSpace(*name) == "" || !utf8.ValidString(*name) || strings.ContainsFunc(*name, unicode.IsControl)) {
		r.breakRule("/name", "use a name of printable characters")
	}
}

// description allows line breaks and tabs besides.
func (r *rules) description(text *string) {
	bad := func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' }
	if text != nil && (!utf8.ValidString(*text) || strings.ContainsFunc(*text, bad)) {
		r.breakRule("/description", "use text without control characters")
	}
}

func (r *rules) email(email string) {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Name != "" || address.Address != email || strings.ContainsFunc(email, unicode.IsControl) {
		r.breakRule("/email", "use the form name@example.org")
	}
}

// role refuses what is neither a built-in role nor the id of another.
func (r *rules) role(role cell.Role) {
	if _, err := uuid.Parse(string(role)); err != nil && !role.BuiltIn() {
		r.breakRule("/role", "use owner, admin, member, viewer or the id of a role of the tenant")
	}
}

func (r *rules) permissions(field string, permissions []cell.Permission) {
	for i, p := range permissions {
		if !p.Known() {
			r.breakRule(field+"/"+strconv.Itoa(i), "is no permission; GET /v1/permissions lists them")
		}
	}
}

// page reads one row more than asked for: it says whether there is a next page.
func page[T any](rows []T, err error, limit int, id func(T) uuid.UUID) (cell.Page[T], error) {
	if err != nil {
		return cell.Page[T]{}, err
	}
	return cell.PageOf(rows, limit, id), nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// set adds a changed field to an audit entry's details.
func set[T any](details map[string]any, field string, value *T) {
	if value != nil {
		details[field] = *value
	}
}
