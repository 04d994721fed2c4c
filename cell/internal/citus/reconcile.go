package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Reconcile makes one fence be as the order says, if it still is as the order
// found it. One that is so already is left alone.
func (m *Mover) Reconcile(ctx context.Context, o cell.FenceOrder) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, o.TenantID)
		switch {
		case err != nil:
			return err
		case held.State == cell.Absent && o.Action == cell.FenceRemove:
			return nil
		case held.State != o.State || held.Epoch != o.Epoch:
			return conflict(held)
		}
		id := o.TenantID.String()
		b := &pgx.Batch{}
		switch o.Action {
		case cell.FenceDepart:
			b.Queue(`UPDATE tenants SET state = 'departed', moved_to = $2, moved_epoch = $3, frozen_until = NULL, changed_at = now() WHERE tenant_id = $1`, id, o.Cell, int64(o.ToEpoch))
		case cell.FenceClose:
			b.Queue(`UPDATE tenants SET state = 'importing', epoch = $2, moved_to = NULL, moved_epoch = NULL, frozen_until = NULL, changed_at = now() WHERE tenant_id = $1`, id, int64(o.ToEpoch))
		case cell.FenceOpen:
			b.Queue(`UPDATE tenants SET state = 'live', frozen_until = NULL, changed_at = now() WHERE tenant_id = $1 AND state IN ('importing', 'frozen', 'sealed')`, id)
		case cell.FenceRemove:
			return removeTenant(ctx, tx, o.TenantID)
		default:
			return fault.New(fault.Invalid, "a fence cannot be told to %s", o.Action)
		}
		gate := `UPDATE tenant_gate SET open = false, closed_at = now() WHERE tenant_id = $1`
		if o.Action == cell.FenceOpen {
			gate = `UPDATE tenant_gate SET open = true, closed_at = NULL WHERE tenant_id = $1`
		}
		b.Queue(gate, id)
		return tx.SendBatch(ctx, b).Close()
	})
}
