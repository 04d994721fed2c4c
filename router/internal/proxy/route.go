package proxy

import (
	"context"
	"unsafe"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const headerAuthorization = "Authorization"

var (
	errForeignID  = fault.New(fault.Forbidden, "X-Tenant-ID names another tenant than this address or key")
	errForeignKey = fault.New(fault.Unauthenticated, "this API key belongs to another tenant")
	errTwoIDs     = fault.New(fault.Malformed, "send X-Tenant-ID once, as a UUID")
)

// route finds the tenant and whether it may be served.
func (p *Proxy) route(x *exchange) error {
	h := &x.ctx.Request.Header
	authorization := view(h.Peek(headerAuthorization))
	key, err := p.resolver.Key(view(h.Host()), authorization, &x.host)
	if err != nil {
		return err
	}
	x.key = key
	entry, ok := p.opts.Cache.Get(key)
	if !ok {
		if entry, err = p.ask(x); err != nil {
			return err
		}
	}
	if entry.Missing {
		return policy.Unknown
	}
	x.entry = entry
	if err := policy.Admit(entry.State); err != nil {
		return err
	}
	return x.checkClaims(authorization)
}

// ask looks an unknown key up in the directory.
func (p *Proxy) ask(x *exchange) (*tenantcache.Entry, error) {
	ctx, cancel := context.WithTimeout(x.ctx, p.opts.RequestTimeout)
	defer cancel()
	entry, err := p.opts.Cache.Refresh(ctx, x.key, p.opts.Fetch)
	if err != nil {
		p.metrics.lookupFailures.Inc()
		return nil, fault.Wrap(err, fault.Unavailable, "this tenant cannot be looked up right now; try again").After(retryAfter)
	}
	return entry, nil
}

// checkClaims compares what the client says of the tenant with what was found.
// It only ever refuses.
func (x *exchange) checkClaims(authorization string) error {
	if id, ok := resolve.TokenTenant(authorization); ok && id != x.entry.TenantID {
		return errForeignKey
	}
	claimed := x.ctx.Request.Header.PeekAll(cellapi.HeaderTenantID)
	if len(claimed) == 0 {
		return nil
	}
	id, err := tenancy.ParseID(view(claimed[0]))
	if len(claimed) > 1 || err != nil {
		return errTwoIDs
	}
	if id != x.entry.TenantID {
		return errForeignID
	}
	return nil
}

// view reads b as a string without copying; it is valid as long as the request.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // G103: read only, and nothing keeps it
