package proxy

import (
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// movedAnswer tells a cell's "not here" from a 421 that its application means
// for the client.
func movedAnswer(resp *fasthttp.Response) bool {
	return resp.StatusCode() == fasthttp.StatusMisdirectedRequest && len(resp.Header.Peek(cellapi.HeaderTenantState)) > 0
}

// follow finds where the tenant went after its cell said 421. Every hop needs a
// higher epoch than the last, so a loop ends; maxHops ends it sooner.
func (p *Proxy) follow(x *exchange) error {
	p.metrics.follows.Inc()
	h := &x.ctx.Response.Header
	cell := string(h.Peek(cellapi.HeaderTenantCell))
	epoch, err := strconv.ParseUint(string(h.Peek(cellapi.HeaderTenantEpoch)), 10, 64)
	if err != nil {
		epoch = 0
	}
	x.resetAnswer()
	if x.hops++; x.hops >= maxHops || x.streams {
		return errMoving
	}
	asked := x.entry.Epoch
	if cell != "" && epoch > asked && p.opts.Cache.Cell(cell) != nil {
		x.entry = p.opts.Cache.Moved(x.entry, cell, epoch)
	} else if x.entry, err = p.refresh(x); err != nil {
		return err
	}
	if x.entry.Epoch <= asked {
		return errMoving
	}
	if denied := policy.Admit(x.entry.State); denied != nil {
		return denied
	}
	return nil
}

func (p *Proxy) refresh(x *exchange) (*tenantcache.Entry, error) {
	ctx, cancel := context.WithDeadline(x.ctx, x.start.Add(p.opts.RequestTimeout))
	defer cancel()
	key := directory.Key{Kind: directory.ByID, Value: x.entry.IDText}
	e, err := p.opts.Cache.Refresh(ctx, key, p.opts.Fetch)
	switch {
	case err != nil:
		return x.entry, fault.Wrap(err, fault.Unavailable, "%s", errMoving.Message).After(retryAfter)
	case e.Missing:
		return x.entry, policy.Unknown
	}
	return e, nil
}

// resetAnswer gives the connection of an answer that will not be used back.
func (x *exchange) resetAnswer() {
	_ = x.ctx.Response.CloseBodyStream() // a connection that cannot be reused is closed by this, which is all we want
	x.ctx.Response.Reset()
}

// dialFailed reports whether nothing can have been sent.
func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || errors.Is(err, fasthttp.ErrDialTimeout)
}
