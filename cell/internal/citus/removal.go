package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// CloseGate stops new writers of a tenant, so that whoever changes the fence
// next need not wait behind a crowd of them. A gate that nobody reopens is
// reopened by [Mover.ReopenGates].
func (m *Mover) CloseGate(ctx context.Context, id tenancy.ID) error {
	_, err := m.pool.Exec(ctx, `UPDATE tenant_gate SET open = false, closed_at = now() WHERE tenant_id = $1 AND open`, id.String())
	return translate(err, nil)
}

// Remove deletes every row of a tenant that the cell holds at the epoch or an
// earlier one. A tenant that is not here is no error. Call CloseGate before.
func (m *Mover) Remove(ctx context.Context, id tenancy.ID, epoch uint64) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		if err := stopWriters(ctx, tx, id); err != nil {
			return err
		}
		held, err := lockRecord(ctx, tx, id)
		if err != nil || held.State == cell.Absent {
			return err
		}
		if held.Epoch > epoch {
			return conflict(held)
		}
		return removeTenant(ctx, tx, id)
	})
}
