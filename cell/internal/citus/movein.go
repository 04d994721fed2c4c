package citus

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// ActivateImport opens the cell to a tenant that has arrived from another one:
// importing, or in mode follow departed → live, gate open. It waits for a batch
// that is being stored and stops the next. Jobs that the source had handed out
// are due again. A reverse export begins here: what was committed before the
// position that it gets came from the source. Repeating it changes nothing.
func (m *Mover) ActivateImport(ctx context.Context, t cell.Transfer, epoch uint64, requestID string) (cell.Fence, error) {
	var fence cell.Fence
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		held, i, position, err := lookAtArrival(ctx, tx, t)
		if err != nil {
			return err
		}
		fence = held.Fence
		arriving := cell.Importing
		if i.Mode == cell.ImportFollow {
			arriving = cell.Departed
		}
		switch {
		case i.State == cell.ImportActivated && held.State == cell.Live && held.Epoch == epoch:
			return nil
		case held.State != arriving || i.Epoch != epoch || i.State != cell.ImportReady && i.State != cell.ImportCatchingUp:
			return conflict(held)
		}
		fence.State, fence.Epoch = cell.Live, epoch
		return openImported(ctx, tx, t, epoch, position, requestID)
	})
	return fence, err
}

// lookAtArrival takes the fence's lock, and then reads the import and where the
// log is, in one round trip: a client who writes waits for it.
func lookAtArrival(ctx context.Context, tx pgx.Tx, t cell.Transfer) (held record, i cell.Import, position cell.Position, err error) {
	held.TenantID = t.Tenant
	var found bool
	b := &pgx.Batch{}
	b.Queue(lockRecordSQL, t.Tenant.String()).QueryRow(held.scan)
	b.Queue(selectImport, t.Tenant.String(), t.Migration.String()).QueryRow(func(r pgx.Row) (err error) {
		if i, err = scanImport(r); errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		found = true
		return err
	})
	b.Queue(logPosition, t.Tenant.String()).QueryRow(func(r pgx.Row) (err error) {
		if position, err = scanPosition(r); errors.Is(err, pgx.ErrNoRows) { // nor is there a fence
			return nil
		}
		return err
	})
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return held, i, position, err
	}
	if !found {
		return held, i, position, fault.New(fault.NotFound, "this cell has no such import")
	}
	return held, i, position, nil
}

func openImported(ctx context.Context, tx pgx.Tx, t cell.Transfer, epoch uint64, position cell.Position, requestID string) error {
	id := t.Tenant.String()
	b := &pgx.Batch{}
	b.Queue(`UPDATE tenants SET state = 'live', epoch = $2, moved_to = NULL, moved_epoch = NULL, changed_at = now() WHERE tenant_id = $1`, id, epoch)
	b.Queue(`UPDATE tenant_gate SET open = true, closed_at = NULL WHERE tenant_id = $1`, id)
	b.Queue(`UPDATE imports SET state = 'activated', touching = false WHERE tenant_id = $1 AND migration_id = $2`, id, t.Migration.String())
	b.Queue(`DELETE FROM import_touched WHERE tenant_id = $1 AND migration_id = $2`, id, t.Migration.String())
	b.Queue(`UPDATE exports SET begun = true, position = $2::text::pg_lsn, acknowledged = $2::text::pg_lsn
		WHERE tenant_id = $1 AND reverse AND NOT begun AND state = 'open'`, id, position.String())
	queueRepublish(b, t.Tenant)
	queueControlAudit(b, t.Tenant, "tenant.migrated", requestID)
	return tx.SendBatch(ctx, b).Close()
}
