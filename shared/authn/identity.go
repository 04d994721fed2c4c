package authn

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Identity is who a verified token speaks for. It is shared by all requests
// with the same token: nobody may change it.
type Identity struct {
	Subject string
	Client  string    // the OAuth2 client that acts
	Role    string    // an operator's, among operators; "" for anybody else
	Scopes  []string  // what the token is good for
	Expires time.Time // the token's; requests are accepted for the skew longer
	Grants  []Grant   // the default tenant first

	hasDefault bool
}

// Grant is one tenant that a token opens.
type Grant struct {
	TenantID  tenancy.ID
	Principal string // value of cellapi.HeaderPrincipal for requests to this tenant
}

// Grant returns what the token grants in the tenant; false: nothing.
func (i *Identity) Grant(id tenancy.ID) (*Grant, bool) {
	for n := range i.Grants {
		if i.Grants[n].TenantID == id {
			return &i.Grants[n], true
		}
	}
	return nil, false
}

// Default returns the grant of the token's own tenant, its claim tenant_id;
// false: it has none.
func (i *Identity) Default() (*Grant, bool) {
	if !i.hasDefault {
		return nil, false
	}
	return &i.Grants[0], true
}

// size is about the memory that the identity takes, in bytes.
func (i *Identity) size() int {
	const fixed, perGrant, perScope = 152, 32, 16
	n := fixed + len(i.Subject) + len(i.Client) + len(i.Role)
	for _, scope := range i.Scopes {
		n += perScope + len(scope)
	}
	for g := range i.Grants {
		n += perGrant + len(i.Grants[g].Principal)
	}
	return n
}
