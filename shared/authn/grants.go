package authn

import (
	"bytes"
	"maps"
	"slices"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	maxTenants   = 64      // that a token grants beside its default one
	maxPrincipal = 4 << 10 // bytes of the header's value that a cell reads
)

// readTenants reads tenant_id with roles, and tenants. Where tenants repeats
// the default tenant, it must say the same as roles, or be alone in saying it.
func (c *claims) readTenants(o object) error {
	var ok bool
	if c.roles, ok = o.texts("roles"); !ok {
		return badClaim("roles", "a list of texts")
	}
	text, ok := o.text("tenant_id")
	if !ok {
		return badClaim("tenant_id", "the UUID of a tenant")
	}
	if o.has("tenant_id") {
		id, err := tenancy.ParseID(text)
		if err != nil || id.IsZero() {
			return badClaim("tenant_id", "the UUID of a tenant")
		}
		c.tenant = id
	}
	if err := c.readOthers(o); err != nil {
		return err
	}
	roles, repeated := c.tenants[c.tenant]
	if repeated && o.has("roles") && !slices.Equal(roles, c.roles) {
		return errTenants
	}
	if repeated {
		c.roles = roles
		delete(c.tenants, c.tenant)
	}
	return nil
}

func (c *claims) readOthers(o object) error {
	if !o.has("tenants") {
		return nil
	}
	others, ok := o["tenants"].(object)
	if !ok || len(others) > maxTenants {
		return errTenants
	}
	c.tenants = make(map[tenancy.ID][]string, len(others))
	for text, value := range others {
		id, err := tenancy.ParseID(text)
		roles, ok := asTexts(value)
		// The same id may be spelt in two cases.
		if _, twice := c.tenants[id]; err != nil || id.IsZero() || !ok || twice {
			return errTenants
		}
		c.tenants[id] = roles
	}
	return nil
}

// identity makes the header values of every tenant once, for all requests.
func (c *claims) identity() (*Identity, error) {
	i := &Identity{
		Subject: c.subject, Client: c.client, Role: c.role, Scopes: c.scopes, Expires: c.expires, hasDefault: !c.tenant.IsZero(),
	}
	ids := slices.SortedFunc(maps.Keys(c.tenants), func(a, b tenancy.ID) int { return bytes.Compare(a[:], b[:]) })
	i.Grants = make([]Grant, 0, len(ids)+1)
	if i.hasDefault {
		i.Grants = append(i.Grants, c.grant(c.tenant, c.roles))
	}
	for _, id := range ids {
		i.Grants = append(i.Grants, c.grant(id, c.tenants[id]))
	}
	for n := range i.Grants {
		if len(i.Grants[n].Principal) > maxPrincipal {
			return nil, errTooMuch
		}
	}
	return i, nil
}

func (c *claims) grant(id tenancy.ID, roles []string) Grant {
	principal := cellapi.Principal{Subject: c.subject, Client: c.client, Roles: roles, Scopes: c.scopes, TokenID: c.tokenID}
	return Grant{TenantID: id, Principal: principal.String()}
}
