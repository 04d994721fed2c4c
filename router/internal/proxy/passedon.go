package proxy

import (
	"context"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

var errPassedOn = fault.New(fault.Unavailable, "another tenant answers at this address since a moment ago; send the request again").After(retryAfter)

// A slug or domain may pass from a tenant that is gone to another, and the router
// not hear of it. What it believes then is never the reason to serve the wrong
// tenant, since the cell refuses one that is gone; here it is found out, so that
// the right one is not turned away.

// passedOn makes the request that of the caller's own tenant, if the address is
// that tenant's by now. Otherwise refusal stands.
func (p *Proxy) passedOn(x *exchange, caller tenancy.ID, refusal error) error {
	if x.key.Kind == directory.ByID || caller.IsZero() {
		return refusal
	}
	own := directory.Key{Kind: directory.ByID, Value: caller.String()}
	if _, known := p.opts.Cache.Get(own); known {
		return refusal // with its addresses
	}
	if _, err := p.lookUp(x, own); err != nil {
		return refusal
	}
	entry, ok := p.opts.Cache.Get(x.key)
	if !ok || entry.TenantID != caller {
		return refusal
	}
	if denied := policy.Admit(entry.State); denied != nil {
		return denied
	}
	return x.belongTo(entry)
}

// successor says what became of the address of a tenant that is gone.
func (p *Proxy) successor(ctx context.Context, x *exchange) error {
	if x.key.Kind == directory.ByID {
		return policy.Unknown
	}
	entry, err := p.opts.Cache.Refresh(ctx, x.key, p.opts.Fetch)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "%s", errMoving.Message).After(retryAfter)
	case entry.Missing || entry.TenantID == x.entry.TenantID:
		return policy.Unknown
	}
	// The request was made ready, and its caller judged, for another tenant.
	return errPassedOn
}
