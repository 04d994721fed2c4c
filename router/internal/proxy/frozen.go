package proxy

import (
	"context"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/router/internal/upstream"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
)

// frozenAnswer tells that a cell has executed nothing because the tenant is
// between two cells: its writes wait for a migration's end, or the directory
// names this cell already, and it opens in a moment. On the way back the cell
// still has the row of the tenant that once departed, and says that it knows
// nothing of the epoch.
func frozenAnswer(resp *http1.Response) bool {
	if resp.Status != 503 {
		return false
	}
	switch string(resp.Get(http1.TenantState)) {
	case cellapi.StateFrozen, cellapi.StateImporting, cellapi.StateUnknownEpoch:
		return true
	}
	return false
}

// await waits until the request may be sent again.
func (p *Proxy) await(x *exchange, conn *upstream.Conn) error {
	x.skipAnswer(conn)
	if p.opts.Hold == nil || !x.rewind() {
		return errMoving
	}
	if x.waiter == nil {
		x.waiter = p.opts.Hold.Waiter(hold.Request{
			Tenant: x.entry.TenantID, Bytes: int64(len(x.body)),
			Current: func() hold.Position { e, _ := p.current(x); return position(e.Version, e.Epoch) },
		})
	}
	ctx, cancel := context.WithDeadline(context.Background(), x.deadline)
	defer cancel()
	if err := x.waiter.Wait(ctx, position(x.entry.Version, x.entry.Epoch)); err != nil {
		return err
	}
	if entry, ok := p.current(x); ok {
		x.entry = entry
	}
	if denied := policy.Admit(x.entry.State); denied != nil {
		return denied
	}
	return nil
}

func position(version, epoch uint64) hold.Position {
	return hold.Position{Version: version, Epoch: epoch}
}

// current is what the cache knows of the request's tenant now.
func (p *Proxy) current(x *exchange) (entry tenantcache.Entry, ok bool) {
	entry, ok = p.opts.Cache.Get(directory.Key{Kind: directory.ByID, Value: view(x.tenant)})
	return entry, ok && !entry.Missing
}

// holding reports whether requests of the tenant wait just now, so that a body
// had better be read whole, or not at all.
func (p *Proxy) holding(x *exchange) bool {
	return p.opts.Hold != nil && p.opts.Hold.Holding(x.entry.TenantID)
}
