package citus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Freeze stops a tenant's writes for the given time: live → frozen(n). The gate
// closes first, in a transaction of its own; then it waits for the writers in
// flight, for at most the same time. A freeze of the same migration that holds
// is answered again.
//
// The position is read while the fence's row is locked: every write that the
// freeze let pass was committed before it, and the freeze's own commit, which
// the stream carries as the last, comes after it. It is a position in the log
// of the server that holds the row: if the migration's export does not read that
// one any more, there is no freeze.
func (m *Mover) Freeze(ctx context.Context, id tenancy.ID, epoch uint64, migration uuid.UUID, lasting time.Duration) (cell.Freeze, error) {
	const closing = `UPDATE tenant_gate g SET open = false, closed_at = now() FROM tenants t
		WHERE g.tenant_id = $1 AND t.tenant_id = $1 AND t.epoch = $2 AND t.state = 'live' AND g.open`
	tag, err := m.pool.Exec(ctx, closing, id.String(), epoch)
	if err != nil {
		return cell.Freeze{}, translate(err, nil)
	}
	var freeze cell.Freeze
	err = m.inTx(ctx, func(tx pgx.Tx) error {
		freeze, err = freezeBehindGate(ctx, tx, id, epoch, migration, lasting)
		return err
	})
	if err != nil && tag.RowsAffected() > 0 {
		m.reopen(ctx, id, epoch)
	}
	if hasCode(err, lockNotAvailable) {
		err = fault.Wrap(err, fault.Unavailable, "a write of the tenant did not end in time; try again").After(retryDatabase)
	}
	return freeze, err
}

func freezeBehindGate(ctx context.Context, tx pgx.Tx, id tenancy.ID, epoch uint64, migration uuid.UUID, lasting time.Duration) (cell.Freeze, error) {
	var f cell.Freeze
	var now time.Time
	var frozenBy *uuid.UUID
	held := record{Fence: cell.Fence{State: cell.Absent}}
	// The clock is read once the lock is held: waiting for writers takes nothing from the freeze.
	const query = `SELECT state, epoch, freeze_no, frozen_until, frozen_by, clock_timestamp() FROM tenants WHERE tenant_id = $1 FOR UPDATE`
	var until *time.Time
	look := &pgx.Batch{}
	look.Queue(fmt.Sprintf(`SET LOCAL lock_timeout = %d`, lasting.Milliseconds()))
	look.Queue(stopWrites, id.String(), writeLock(id))
	look.Queue(query, id.String()).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&held.State, &held.Epoch, &held.FreezeNo, &until, &frozenBy, &now)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err := tx.SendBatch(ctx, look).Close(); err != nil {
		return f, err
	}
	repeated := held.State == cell.Frozen && frozenBy != nil && *frozenBy == migration
	if held.Epoch != epoch || held.State != cell.Live && !repeated {
		return f, conflict(held)
	}
	f = cell.Freeze{No: held.FreezeNo + 1, Until: now.Add(lasting)}
	if repeated {
		f.No, f.Until = held.FreezeNo, *until
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE tenants SET state = 'frozen', freeze_no = $2, frozen_until = $3, frozen_by = $4, changed_at = now() WHERE tenant_id = $1`,
		id.String(), f.No, f.Until, migration.String())
	b.Queue(logPosition, id.String()).QueryRow(func(r pgx.Row) (err error) { f.Position, err = scanPosition(r); return err })
	var broken []string
	b.Queue(`SELECT CASE WHEN e.state = 'failed' THEN e.failure ELSE `+brokenSQL+` END FROM `+exportSources+` WHERE e.tenant_id = $1 AND e.migration_id = $2`, id.String(), migration.String()).
		Query(collect(&broken, scanOne[string]))
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return f, err
	}
	if why := strings.Join(broken, ""); why != "" {
		return f, fault.New(fault.Conflict, "the export is broken: %s", why)
	}
	return f, nil
}

// reopen opens the gate that a failed freeze closed; the timer would too, later.
func (m *Mover) reopen(ctx context.Context, id tenancy.ID, epoch uint64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	var n uint64
	if m.pool.QueryRow(ctx, `SELECT freeze_no FROM tenants WHERE tenant_id = $1`, id.String()).Scan(&n) == nil {
		_, _ = m.pool.Exec(ctx, reopenSQL, id.String(), epoch, n)
	}
}

// Seal makes freeze n final, if it still holds: frozen(n) → sealed.
func (m *Mover) Seal(ctx context.Context, id tenancy.ID, epoch, n uint64) error {
	return m.change(ctx, id, epoch,
		`UPDATE tenants SET state = 'sealed', frozen_until = NULL, changed_at = now()
		 WHERE tenant_id = $1 AND epoch = $2 AND freeze_no = $3 AND state IN ('frozen', 'sealed')`, n)
}

// Depart records where the tenant went: sealed(n) → departed.
func (m *Mover) Depart(ctx context.Context, id tenancy.ID, epoch, n uint64, to string, toEpoch uint64) error {
	return m.change(ctx, id, epoch,
		`UPDATE tenants SET state = 'departed', moved_to = $4, moved_epoch = $5, changed_at = now()
		 WHERE tenant_id = $1 AND epoch = $2
			AND (state = 'sealed' AND freeze_no = $3 OR state = 'departed' AND moved_to = $4 AND moved_epoch = $5)`, n, to, toEpoch)
}

// Thaw ends freeze n: frozen(n) or sealed → live, gate open. A tenant that was
// thawed after it already, and not frozen since, is no error.
func (m *Mover) Thaw(ctx context.Context, id tenancy.ID, epoch, n uint64) error {
	tag, err := m.pool.Exec(ctx, fmt.Sprintf(thawSQL, `IN ('frozen', 'sealed')`), id.String(), epoch, n)
	if err == nil && tag.RowsAffected() == 0 {
		return m.change(ctx, id, epoch,
			`UPDATE tenants SET changed_at = now() WHERE tenant_id = $1 AND epoch = $2 AND freeze_no = $3 AND state = 'live'`, n)
	}
	return translate(err, nil)
}

// change is one compare-and-set on the fence's row.
func (m *Mover) change(ctx context.Context, id tenancy.ID, epoch uint64, statement string, args ...any) error {
	tag, err := m.pool.Exec(ctx, statement, append([]any{id.String(), epoch}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "the fence is not in the state that this change begins with")
	}
	return translate(err, nil)
}

// logPosition is where the server that holds a tenant's rows writes its log
// next: on Citus, that worker evaluates it.
const logPosition = `SELECT pg_current_wal_insert_lsn()::text FROM tenants WHERE tenant_id = $1`

// lsn reads a position that a query returns as text.
type lsn cell.Position

// Scan implements [database/sql.Scanner].
func (p *lsn) Scan(value any) error {
	text, _ := value.(string)
	return (*cell.Position)(p).UnmarshalText([]byte(text))
}

func scanPosition(r row) (cell.Position, error) {
	var p cell.Position
	err := r.Scan((*lsn)(&p))
	return p, err
}
