package citus

import (
	"context"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// exportColumns and exportSources also look at the slot, and at the publication,
// of the server that holds the tenant's rows: on Citus that worker evaluates them,
// as long as one tenant is asked for.
const (
	recordedColumns = `e.tenant_id, e.migration_id, e.epoch, e.target_cell, e.reverse, e.state, e.begun, e.slot, e.position::text, e.acknowledged::text,
		e.snapshot, e.snapshot_position::text, e.failure`
	exportColumns = recordedColumns + `, coalesce(` + retainedSQL + `, 0)::bigint, pg_current_wal_lsn()::text, ` + brokenSQL
	exportSources = `exports e JOIN tenants t ON t.tenant_id = e.tenant_id LEFT JOIN pg_get_replication_slots() s ON s.slot_name = e.slot`
	retainedSQL   = `pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)`
)

// brokenSQL says why the stream of an open export does not carry every change
// any more. A shard that moves to another server takes the export's row along,
// but not the slot; one that comes back, or is split, is another table, which
// nobody publishes.
const brokenSQL = `CASE
	WHEN e.state <> 'open' THEN ''
	WHEN s.slot_name IS NULL THEN 'its slot is gone: the server was restored or failed over, or the tenant''s shards moved to another one'
	WHEN NOT publishes(e.slot, t.tableoid) THEN 'the tenant''s shards were moved or split'
	WHEN s.wal_status = 'lost' THEN 'the server gave its slot up: the target fell too far behind'
	ELSE '' END`

func scanExport(r row) (cell.Export, error) {
	var e cell.Export
	err := r.Scan(append(recordedFields(&e), &e.RetainedWALBytes, (*lsn)(&e.Head), &e.Broken)...)
	return e, err
}

func scanRecordedExport(r row) (cell.Export, error) {
	var e cell.Export
	err := r.Scan(recordedFields(&e)...)
	return e, err
}

func recordedFields(e *cell.Export) []any {
	return []any{
		(*uuid.UUID)(&e.Tenant), &e.Migration, &e.Epoch, &e.Target, &e.Reverse, &e.State, &e.Begun, &e.Slot, (*lsn)(&e.Position), (*lsn)(&e.Acknowledged),
		&e.Snapshot.Name, (*lsn)(&e.Snapshot.Position), &e.Failure,
	}
}

// slotName is the name of an export's slot and publication. Slots are the whole
// server's, which may hold both cells of a migration when one tries it out.
func slotName(migration uuid.UUID, reverse bool) string {
	direction := "_f"
	if reverse {
		direction = "_r"
	}
	return "transfer_" + hex.EncodeToString(migration[:]) + direction
}

// exportsLock serialises the beginning of exports, so that the limit holds.
const exportsLock = 0x6578706f // "expo"

// BeginExport records an export that is about to be made; one that is there is
// returned as it is. The tenant must be here at the epoch: live, or for a
// reverse export on its way here.
func (m *Mover) BeginExport(ctx context.Context, e cell.Export, limits cell.ExportLimits) (cell.Export, error) {
	var begun cell.Export
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, exportsLock); err != nil {
			return err
		}
		var err error
		begun, err = m.export(ctx, tx, e.Transfer)
		if err == nil || fault.CodeOf(err) != fault.NotFound {
			return err
		}
		held, err := lockRecord(ctx, tx, e.Tenant)
		if err != nil {
			return err
		}
		leaves := held.State == cell.Live || e.Reverse && held.State == cell.Importing
		if held.Epoch != e.Epoch || !leaves {
			return conflict(held)
		}
		if err := refuseCrowd(ctx, tx, e.Reverse, limits); err != nil {
			return err
		}
		const insert = `INSERT INTO exports (tenant_id, migration_id, epoch, target_cell, reverse, state, begun, slot) VALUES ($1, $2, $3, $4, $5, 'making', $6, $7)`
		begins := !e.Reverse || held.State == cell.Live
		if _, err := tx.Exec(ctx, insert, e.Tenant.String(), e.Migration.String(), e.Epoch, e.Target, e.Reverse, begins, slotName(e.Migration, e.Reverse)); err != nil {
			return err
		}
		begun, err = m.export(ctx, tx, e.Transfer)
		return err
	})
	return begun, err
}

func refuseCrowd(ctx context.Context, tx pgx.Tx, reverse bool, limits cell.ExportLimits) error {
	var open int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM exports WHERE reverse = $1 AND state <> 'failed'`, reverse).Scan(&open); err != nil {
		return err
	}
	limit := limits.Forward
	if reverse {
		limit = limits.Reverse
	}
	if open >= limit {
		const pause = 30 * time.Second
		return fault.New(fault.Unavailable, "%d exports are open already, and the server bears no more; wait until one is closed", open).After(pause)
	}
	return nil
}

// Export returns an export.
func (m *Mover) Export(ctx context.Context, t cell.Transfer) (cell.Export, error) {
	e, err := m.export(ctx, m.pool, t)
	return e, translate(err, nil)
}

func (m *Mover) export(ctx context.Context, db querier, t cell.Transfer) (cell.Export, error) {
	e, err := scanExport(db.QueryRow(ctx, `SELECT `+exportColumns+` FROM `+exportSources+` WHERE e.tenant_id = $1 AND e.migration_id = $2`, t.Tenant.String(), t.Migration.String()))
	if errors.Is(err, pgx.ErrNoRows) {
		return e, fault.New(fault.NotFound, "this cell has no such export")
	}
	return e, err
}

// MakeExport runs fn, which makes the export's slot, unless another process is
// at it.
func (m *Mover) MakeExport(ctx context.Context, t cell.Transfer, fn func() error) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		var won bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, lockOf(t.Migration, 'e')).Scan(&won); err != nil {
			return err
		}
		if !won {
			return fault.New(fault.Unavailable, "the export is being made").After(retryDatabase)
		}
		return fn()
	})
}

// lockOf is the number of a lock that is about a migration.
func lockOf(migration uuid.UUID, salt byte) int64 {
	h := fnv.New64a()
	_, _ = h.Write(append(migration[:], salt)) // a hash takes everything
	return int64(h.Sum64())
}

// Exports returns every export of the cell, as it is recorded.
func (m *Mover) Exports(ctx context.Context) ([]cell.Export, error) {
	rows, err := m.pool.Query(ctx, `SELECT `+recordedColumns+` FROM exports e`)
	if err != nil {
		return nil, translate(err, nil)
	}
	var exports []cell.Export
	return exports, translate(collect(&exports, scanRecordedExport)(rows), nil)
}

// ExportMade records that slot and publication are there: making → open.
func (m *Mover) ExportMade(ctx context.Context, t cell.Transfer, position cell.Position, snapshot cell.Snapshot) error {
	return m.changeExport(ctx, t, `state = 'open', position = greatest(position, $3::text::pg_lsn), acknowledged = greatest(acknowledged, $3::text::pg_lsn),
		snapshot = $4, snapshot_position = $5::text::pg_lsn`, `state = 'making'`, position.String(), snapshot.Name, snapshot.Position.String())
}

// SnapshotTaken records the snapshot that the export holds, or that it holds
// none any more.
func (m *Mover) SnapshotTaken(ctx context.Context, t cell.Transfer, snapshot cell.Snapshot) error {
	return m.changeExport(ctx, t, `snapshot = $3, snapshot_position = $4::text::pg_lsn, seen_at = now()`, `state = 'open'`, snapshot.Name, snapshot.Position.String())
}

// Acknowledge records what the target has stored. The copy is over then.
func (m *Mover) Acknowledge(ctx context.Context, t cell.Transfer, position cell.Position) error {
	return m.changeExport(ctx, t, `acknowledged = greatest(acknowledged, $3::text::pg_lsn), snapshot = '', seen_at = now()`, `state = 'open'`, position.String())
}

// ExportSeen records that somebody asked for the export.
func (m *Mover) ExportSeen(ctx context.Context, t cell.Transfer) error {
	return m.changeExport(ctx, t, `seen_at = now()`, `state = 'open'`)
}

func (m *Mover) changeExport(ctx context.Context, t cell.Transfer, set, from string, args ...any) error {
	tag, err := m.pool.Exec(ctx, `UPDATE exports SET `+set+` WHERE tenant_id = $1 AND migration_id = $2 AND `+from,
		append([]any{t.Tenant.String(), t.Migration.String()}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Gone, "the export is not open any more")
	}
	return translate(err, nil)
}

// FailExports fails those whose slot keeps more than maxBytes of log, whose slot
// the server gave up, and those that nobody asked for in the given time. It
// returns how many. Their slots go with [Mover.DropStray].
func (m *Mover) FailExports(ctx context.Context, maxBytes int64, unseen time.Duration) (int64, error) {
	rows, err := m.pool.Query(ctx, `SELECT tenant_id, migration_id FROM exports WHERE state <> 'failed'`)
	if err != nil {
		return 0, translate(err, nil)
	}
	var open []cell.Transfer
	if err := collect(&open, scanTransfer)(rows); err != nil {
		return 0, translate(err, nil)
	}
	var failed int64
	for _, t := range open {
		why, err := m.failureOf(ctx, t, maxBytes, unseen)
		if err != nil {
			return failed, translate(err, nil)
		}
		if why == "" {
			continue
		}
		if err := m.changeExport(ctx, t, `state = 'failed', snapshot = '', failure = $3`, `state <> 'failed'`, why); err != nil && fault.CodeOf(err) != fault.Gone {
			return failed, err
		}
		failed++
	}
	return failed, nil
}

func scanTransfer(r row) (cell.Transfer, error) {
	var t cell.Transfer
	err := r.Scan((*uuid.UUID)(&t.Tenant), &t.Migration)
	return t, err
}

// failureOf says why an export has to fail, if it has. It asks for one tenant:
// only then it is the server with the slot that judges.
func (m *Mover) failureOf(ctx context.Context, t cell.Transfer, maxBytes int64, unseen time.Duration) (string, error) {
	const query = `
		SELECT CASE
			WHEN ` + brokenSQL + ` <> '' THEN ` + brokenSQL + `
			WHEN e.state = 'open' AND ` + retainedSQL + ` > $3 THEN 'the target fell too far behind: the server would keep too much log for it'
			WHEN e.seen_at < now() - $4::interval THEN 'nobody asked for it for too long'
			ELSE '' END
		FROM ` + exportSources + ` WHERE e.tenant_id = $1 AND e.migration_id = $2 AND e.state <> 'failed'`
	var why string
	err := m.pool.QueryRow(ctx, query, t.Tenant.String(), t.Migration.String(), maxBytes, unseen).Scan(&why)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return why, err
}

// ForgetExport removes the export's record. What it made goes with
// [Mover.DropStray].
func (m *Mover) ForgetExport(ctx context.Context, t cell.Transfer) error {
	_, err := m.pool.Exec(ctx, `DELETE FROM exports WHERE tenant_id = $1 AND migration_id = $2`, t.Tenant.String(), t.Migration.String())
	return translate(err, nil)
}
