package citus

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
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

// Freeze stops a tenant's writes until the given time: live → frozen(n). It
// waits for the writers in flight. Freeze numbers only grow; repeating the last
// one is no error. Call CloseGate before.
func (m *Mover) Freeze(ctx context.Context, id tenancy.ID, epoch, n uint64, until time.Time) error {
	return m.change(ctx, id, epoch,
		`UPDATE tenants SET state = 'frozen', freeze_no = $3, frozen_until = $4, changed_at = now()
		 WHERE tenant_id = $1 AND epoch = $2 AND (state = 'live' AND freeze_no < $3 OR state = 'frozen' AND freeze_no = $3)`, n, until)
}

// Seal makes freeze n final, if it still holds: frozen(n) → sealed.
func (m *Mover) Seal(ctx context.Context, id tenancy.ID, epoch, n uint64) error {
	return m.change(ctx, id, epoch,
		`UPDATE tenants SET state = 'sealed', frozen_until = NULL, changed_at = now()
		 WHERE tenant_id = $1 AND epoch = $2 AND freeze_no = $3 AND state IN ('frozen', 'sealed')`, n)
}

// Depart records where the tenant went: sealed → departed.
func (m *Mover) Depart(ctx context.Context, id tenancy.ID, epoch uint64, to string, toEpoch uint64) error {
	return m.change(ctx, id, epoch,
		`UPDATE tenants SET state = 'departed', moved_to = $3, moved_epoch = $4, changed_at = now()
		 WHERE tenant_id = $1 AND epoch = $2 AND (state = 'sealed' OR state = 'departed' AND moved_to = $3 AND moved_epoch = $4)`, to, toEpoch)
}

// change is one compare-and-set on the fence's row.
func (m *Mover) change(ctx context.Context, id tenancy.ID, epoch uint64, statement string, args ...any) error {
	tag, err := m.pool.Exec(ctx, statement, append([]any{id.String(), epoch}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "the fence is not in the state that this change begins with")
	}
	return translate(err, nil)
}
