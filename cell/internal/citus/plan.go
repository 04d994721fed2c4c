package citus

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// SetPlan makes the tenant's copy of its plan, and of whether it is held, be what
// the directory says, unless something newer is known. One version of the directory
// says one thing: where a copy of the same version differs, the cell did not
// understand all of it at the time. It is the mover's, since the application must not be
// able to give its tenant another plan; it passes the fence as every write does.
func (m *Mover) SetPlan(ctx context.Context, change cell.PlanChange, requestID string) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		if err := passFence(ctx, tx, change); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE organizations SET plan = $2, plan_version = $3, held = $4, version = version + 1, updated_at = now()
			WHERE tenant_id = $1 AND (plan_version < $3 OR plan_version = $3 AND (plan, held) <> ($2, $4))`, change.TenantID.String(), change.Plan, int64(change.Version), change.Held)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		b := &pgx.Batch{}
		b.Queue(notifyJobs) // of what waited
		queueControlAudit(b, change.TenantID, "tenant.plan", requestID)
		return tx.SendBatch(ctx, b).Close()
	})
}

// passFence holds the fence still as a writer does: it does not wait for other
// writers, and a freeze waits for it.
func passFence(ctx context.Context, tx pgx.Tx, change cell.PlanChange) error {
	const columns = `SELECT t.state, t.epoch, coalesce(t.moved_to, ''), coalesce(t.moved_epoch, 0) FROM tenants t`
	var f cell.Fence
	dest := []any{&f.State, &f.Epoch, &f.MovedTo, &f.MovedEpoch}
	err := tx.QueryRow(ctx, columns+` JOIN tenant_gate g ON g.tenant_id = t.tenant_id`+toWrite, change.TenantID.String()).Scan(dest...)
	if err == nil {
		return f.CheckWrite(change.Epoch)
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	err = tx.QueryRow(ctx, columns+toRead, change.TenantID.String()).Scan(dest...)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if refused := f.CheckWrite(change.Epoch); refused != nil {
		return refused
	}
	return cell.RefusedFrozen()
}
