package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/standing"
	"github.com/coditect/platform/cell/internal/webhooks"
	"github.com/coditect/platform/shared/telemetry"
)

// sealInterval is how often audit rows get their place in the chain.
const sealInterval = time.Second

// trimInterval is how often it is looked for what the logs keep no longer.
const trimInterval = 10 * time.Minute

// keepAuditLog seals the audit log and shortens it: both need the key that
// signs, which only this process has.
func keepAuditLog(ctx context.Context, opts APIOptions, store *citus.Store, mover *citus.Mover, guard *standing.Guard, admin *telemetry.Admin, group *errgroup.Group) {
	signer := chain.NewSigner(opts.Cell, opts.ControlKey, opts.Clock)
	sealer := chain.Sealer{
		Ledger: auditLog{mover}, Signer: signer, Interval: sealInterval, Log: opts.Log, Sealed: chain.NewCounter(admin.Registry),
		Events: func(end cell.ChainEnd, rows []cell.AuditRow) []cell.Delivery {
			return webhooks.FanOut(end.Endpoints, rows)
		},
	}
	trimmer := chain.Trimmer{
		Archive: auditLog{mover}, Read: func(call *cell.Call) chain.Reader { return store.ReadChain(call) }, Signer: signer,
		Keeps: func(plan string) time.Duration { return cell.RetentionOf(plan).Audit },
		Clock: opts.Clock, Log: opts.Log, Refused: chain.NewRefusedCounter(admin.Registry),
	}
	group.Go(func() error {
		return upkeep(opts.Log, "audit sealer", sealInterval, 10*time.Second).Run(ctx, guard.Hold(sealer.RunOnce))
	})
	group.Go(func() error {
		return upkeep(opts.Log, "audit trimmer", trimInterval, time.Hour).Run(ctx, guard.Hold(trimmer.RunOnce))
	})
}

// auditLog lets package chain see the database's locks as its own.
type auditLog struct{ *citus.Mover }

// LeadSealing implements chain.Ledger.
func (l auditLog) LeadSealing(ctx context.Context) (chain.Leadership, error) {
	return leadership(l.Mover.LeadSealing(ctx))
}

// LeadTrimming implements chain.Archive.
func (l auditLog) LeadTrimming(ctx context.Context) (chain.Leadership, error) {
	return leadership(l.Mover.LeadTrimming(ctx))
}

func leadership(lock *citus.AuditLock, err error) (chain.Leadership, error) {
	if err != nil || lock == nil {
		return nil, err // a nil *AuditLock would not be a nil interface
	}
	return lock, nil
}
