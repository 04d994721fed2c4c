package directory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// DomainStore keeps custom domains. The consumer's own interface, beside the
// resolver that tests replace.
type DomainStore interface {
	List(ctx context.Context, id tenancy.ID) ([]controlplane.Domain, error)
	Get(ctx context.Context, id tenancy.ID, name tenancy.Domain) (controlplane.Domain, error)
	Add(ctx context.Context, d controlplane.Domain) (controlplane.Domain, error)
	Verify(ctx context.Context, id tenancy.ID, name tenancy.Domain) (controlplane.Domain, error)
	Remove(ctx context.Context, id tenancy.ID, name tenancy.Domain) error
}

// Resolver looks TXT records up: the proof that a tenant controls a domain. A
// name without records is no error.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Domains is what tenants' operators do with custom domains.
type Domains struct {
	Store    DomainStore
	Tenants  TenantStore
	Resolver Resolver
	// Own is the platform's own domain; it and what is below it cannot be
	// claimed.
	Own string
}

// dnsRetry is when a record just published may be seen.
const dnsRetry = time.Minute

// List returns a tenant's domains by name.
func (s Domains) List(ctx context.Context, id tenancy.ID) ([]controlplane.Domain, error) {
	if _, err := s.Tenants.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.Store.List(ctx, id)
}

// Add claims a domain, pending until it is verified.
func (s Domains) Add(ctx context.Context, id tenancy.ID, name string) (controlplane.Domain, error) {
	domain, err := s.parse(name, "/domain")
	if err != nil {
		return controlplane.Domain{}, err
	}
	return s.Store.Add(ctx, controlplane.Domain{TenantID: id, Name: domain, Token: "coditect-verify=" + rand.Text()})
}

// Verify looks for the domain's challenge and, if it is there, gives the domain
// to the tenant.
func (s Domains) Verify(ctx context.Context, id tenancy.ID, name string) (controlplane.Domain, error) {
	domain, err := s.parse(name, "domain")
	if err != nil {
		return controlplane.Domain{}, err
	}
	d, err := s.Store.Get(ctx, id, domain)
	if err != nil || d.Verified() {
		return d, err
	}
	records, err := s.Resolver.LookupTXT(ctx, d.ChallengeName())
	if err != nil {
		return d, err
	}
	for _, record := range records {
		if subtle.ConstantTimeCompare([]byte(record), []byte(d.Token)) == 1 {
			return s.Store.Verify(ctx, id, domain)
		}
	}
	return d, fault.New(fault.Conflict, "the TXT record %s does not have the challenge's value yet (%d records found)", d.ChallengeName(), len(records)).After(dnsRetry)
}

// Remove gives a domain up.
func (s Domains) Remove(ctx context.Context, id tenancy.ID, name string) error {
	domain, err := s.parse(name, "domain")
	if err != nil {
		return err
	}
	return s.Store.Remove(ctx, id, domain)
}

func (s Domains) parse(name, field string) (tenancy.Domain, error) {
	domain, err := tenancy.ParseDomain(name)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "not a domain that a tenant can have").At(field, "%v", err)
	}
	if below(string(domain), s.Own) {
		return "", fault.New(fault.Invalid, "not a domain that a tenant can have").At(field, "belongs to the platform")
	}
	return domain, nil
}

func below(domain, parent string) bool {
	n := len(domain) - len(parent)
	return parent != "" && n >= 0 && domain[n:] == parent && (n == 0 || domain[n-1] == '.')
}
