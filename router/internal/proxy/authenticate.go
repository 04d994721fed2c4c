package proxy

import (
	"context"
	"strings"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

var (
	errForeignID  = fault.New(fault.Forbidden, "X-Tenant-ID names another tenant than this address or key")
	errForeignKey = fault.New(fault.Unauthenticated, "this API key belongs to another tenant")
	errTenantID   = fault.New(fault.Malformed, "X-Tenant-ID is not a UUID")
	errNoGrant    = fault.New(fault.Forbidden, "the token grants nothing in this tenant")
	errNoLogin    = fault.New(fault.Unauthenticated, "send an API key or an access token: Authorization: Bearer …")
	errScheme     = fault.New(fault.Unauthenticated, "only the Bearer scheme is accepted: Authorization: Bearer …")
	errNoIssuer   = fault.New(fault.Unauthenticated, "access tokens are not accepted here; send an API key")
)

const bearer = "bearer "

func (x *exchange) authorization() string { return view(x.req.Get(http1.Authorization)) }

// authenticate decides who the caller is. An access token is verified here and
// goes no further: the cell is told its principal. An API key is checked by the
// cell, in its tenant's own context; here only that it is that tenant's.
func (p *Proxy) authenticate(x *exchange) error {
	authorization := x.authorization()
	if err := x.checkClaimedTenant(); err != nil {
		return err
	}
	switch id, apiKey := resolve.TokenTenant(authorization); {
	case apiKey && id != x.entry.TenantID:
		return p.passedOn(x, id, errForeignKey)
	case apiKey:
		return nil
	case authorization == "" && x.match.Public:
		return nil
	case authorization == "":
		return errNoLogin
	case x.identity == nil:
		if err := p.verify(x); err != nil {
			return err
		}
	}
	grant, ok := x.identity.Grant(x.entry.TenantID)
	if !ok {
		own, _ := x.identity.Default()
		if err := p.passedOn(x, own.TenantID, errNoGrant); err != nil {
			return err
		}
		grant = own
	}
	x.principal = grant.Principal
	return nil
}

// verify verifies the request's access token.
func (p *Proxy) verify(x *exchange) error {
	authorization := x.authorization()
	if len(authorization) < len(bearer) || !strings.EqualFold(authorization[:len(bearer)], bearer) {
		return errScheme
	}
	if p.opts.Tokens == nil {
		return errNoIssuer
	}
	ctx := context.Background()
	identity, err := p.opts.Tokens.Verify(ctx, strings.TrimLeft(authorization[len(bearer):], " "))
	x.identity = identity
	return err
}

// claimedTenant returns the tenant of X-Tenant-ID; zero: none.
func (x *exchange) claimedTenant() (tenancy.ID, error) {
	claimed := x.req.Get(http1.TenantID)
	if claimed == nil {
		return tenancy.ID{}, nil
	}
	id, err := tenancy.ParseID(view(claimed))
	if err != nil {
		return id, errTenantID
	}
	return id, nil
}

// checkClaimedTenant compares what the client says of the tenant with what was
// found. It only ever refuses.
func (x *exchange) checkClaimedTenant() error {
	id, err := x.claimedTenant()
	if err == nil && !id.IsZero() && id != x.entry.TenantID {
		return errForeignID
	}
	return err
}
