package proxy

import (
	"context"
	"strconv"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// movedAnswer tells a cell's "not here" from a 421 that its application means
// for the client.
func movedAnswer(resp *http1.Response) bool {
	return resp.Status == 421 && resp.Count(http1.TenantState) > 0
}

// follow finds where the tenant went after its cell said 421. Every hop needs a
// higher epoch than the last, so a loop ends; maxHops ends it sooner.
func (p *Proxy) follow(x *exchange, conn *upstream.Conn) error {
	p.metrics.follows.Inc()
	cell := string(x.resp.Get(http1.TenantCell))
	epoch, err := strconv.ParseUint(string(x.resp.Get(http1.TenantEpoch)), 10, 64)
	if err != nil {
		epoch = 0
	}
	x.skipAnswer(conn)
	if x.hops++; x.hops >= maxHops || !x.rewind() {
		return errMoving
	}
	asked := x.entry.Epoch
	if cell != "" && epoch > asked && p.opts.Cache.Cell(cell) != nil {
		x.entry = p.opts.Cache.Moved(x.entry, cell, epoch)
	} else if err := p.refresh(x); err != nil {
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

// refresh asks the directory for the tenant, whatever is known.
func (p *Proxy) refresh(x *exchange) error {
	ctx, cancel := context.WithDeadline(context.Background(), x.deadline)
	defer cancel()
	e, err := p.opts.Cache.Refresh(ctx, directory.Key{Kind: directory.ByID, Value: string(x.tenant)}, p.opts.Fetch)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "%s", errMoving.Message).After(retryAfter)
	case e.Missing, e.State == directory.Deleted:
		return p.successor(ctx, x)
	}
	x.entry = e
	return nil
}

// rewind makes the body ready to be sent again, and reports whether it can be.
func (x *exchange) rewind() bool {
	if !x.upload.begun() {
		return true
	}
	body, ok := x.upload.collect()
	if ok {
		x.body, x.bodyRead = body, true
		x.upload.free()
		x.upload = nil
	}
	return ok
}

// skipAnswer gives the connection of an answer back that nobody will read.
func (x *exchange) skipAnswer(conn *upstream.Conn) {
	whole := !x.resp.Chunked && !x.resp.Close && !x.upload.begun()
	if whole && x.resp.ContentLength >= 0 && int64(len(conn.Data())) >= x.resp.ContentLength {
		conn.Use(int(x.resp.ContentLength))
		conn.Release(true)
		return
	}
	conn.Release(false)
}
