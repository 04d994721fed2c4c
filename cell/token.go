package cell

import (
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Token is what the router verified of a caller that showed an access token
// instead of an API key. Its roles are those it carries for this tenant.
type Token struct {
	UserID  uuid.UUID // whose token it is; not used by a machine
	Machine bool      // Client acts for itself, by the token's roles alone
	Client  string    // OAuth2 client; may be empty unless Machine
	Subject string    // as the token names it
	Roles   []Role    // for a user they only narrow; none: they do not
	Scopes  []string  // they only narrow; see allows
}

// hasRole reports whether one of the token's roles has the right.
func (t *Token) hasRole(right func(Role) bool) bool { return slices.ContainsFunc(t.Roles, right) }

// allows reports whether the token's scopes let the permission through. Scopes
// of the form "projects:read" name permissions: a token that carries one is
// good for those only. Others, such as "openid", say nothing about the tenant.
func (t *Token) allows(p Permission) bool {
	return !t.scoped() || slices.Contains(t.Scopes, string(p))
}

func (t *Token) scoped() bool {
	return slices.ContainsFunc(t.Scopes, func(scope string) bool { return strings.Contains(scope, ":") })
}
