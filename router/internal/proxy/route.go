package proxy

import (
	"context"
	"errors"
	"unsafe"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// route finds the tenant that the request is for, and whether it is served.
func (p *Proxy) route(x *exchange) error {
	key, err := p.resolver.Key(view(x.req.Host), x.authorization(), &x.host)
	if errors.Is(err, resolve.ErrNotAPIKey) {
		key, err = p.keyOfIdentity(x)
	}
	if err != nil {
		return err
	}
	if err := p.find(x, key); err != nil {
		return err
	}
	if denied := policy.Admit(x.entry.State); denied != nil {
		return denied
	}
	return nil
}

// keyOfIdentity finds the tenant at the API host by a verified token: the one
// that X-Tenant-ID chooses among those that the token grants, or its own.
func (p *Proxy) keyOfIdentity(x *exchange) (directory.Key, error) {
	if err := p.verify(x); err != nil {
		return directory.Key{}, err
	}
	claimed, err := x.claimedTenant()
	if err != nil {
		return directory.Key{}, err
	}
	grant, ok := x.identity.Default()
	if !claimed.IsZero() {
		grant, ok = x.identity.Grant(claimed)
	}
	if !ok {
		return directory.Key{}, errNoGrant
	}
	text, err := grant.TenantID.AppendText(x.host[:0])
	return directory.Key{Kind: directory.ByID, Value: view(text)}, err
}

// find looks the tenant up, in the directory if it is not known here.
func (p *Proxy) find(x *exchange, key directory.Key) error {
	entry, ok := p.opts.Cache.Get(key)
	if !ok {
		var err error
		if entry, err = p.lookUp(x, key); err != nil {
			return err
		}
	}
	if entry.Missing {
		return policy.Unknown
	}
	x.key = key
	return x.belongTo(entry)
}

// belongTo makes the request one of the entry's tenant.
func (x *exchange) belongTo(entry tenantcache.Entry) error {
	x.entry = entry
	text, err := entry.TenantID.AppendText(x.idText[:0])
	x.tenant = text
	return err
}

func (p *Proxy) lookUp(x *exchange, key directory.Key) (tenantcache.Entry, error) {
	x.asked = true
	ctx, cancel := context.WithDeadline(context.Background(), x.deadline)
	defer cancel()
	entry, err := p.opts.Cache.Resolve(ctx, key, p.opts.Fetch) // looks again within the flight
	if err != nil {
		p.metrics.lookupFailures.Inc()
		return tenantcache.Entry{}, fault.Wrap(err, fault.Unavailable, "this tenant cannot be looked up right now; try again").After(retryAfter)
	}
	return entry, nil
}

// view reads b as a string without copying; it is valid as long as the request.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // G103: read only, and nothing keeps it
