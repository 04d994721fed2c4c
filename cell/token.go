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

// allows reports whether a credential's scopes let the permission through.
// Scopes of the form "projects:read" name permissions: a credential that
// carries one is good for those only. Others, such as "openid", say nothing
// about the tenant.
func allows(scopes []string, p Permission) bool {
	narrow := slices.ContainsFunc(scopes, func(scope string) bool { return strings.Contains(scope, ":") })
	return !narrow || slices.Contains(scopes, string(p))
}
