package postgres

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

type rawJSON = json.RawMessage

// move is the compare-and-set behind every step of a worker: m goes on from
// its phase to the next, if this worker holds it.
const move = `
UPDATE migrations SET phase = $4, stage = $5, record = $6, window_until = $7, updated_at = $8, finished_at = $9, due_at = $8
WHERE migration_id = $1 AND token = $2 AND phase = $3`

func (s MigrationStore) moveArgs(m, next controlplane.Migration) []any {
	return []any{
		[16]byte(m.ID), m.Token, string(m.Phase), string(next.Phase), string(next.Stage), next.Record, nullTime(next.WindowUntil), s.now(), nullTime(next.FinishedAt),
	}
}

func (s MigrationStore) moveTo(ctx context.Context, tx pgx.Tx, m, next controlplane.Migration) error {
	if !m.Phase.MayBecome(next.Phase) {
		return fault.New(fault.Conflict, "a migration cannot go from %s to %s", m.Phase, next.Phase)
	}
	tag, err := tx.Exec(ctx, move, s.moveArgs(m, next)...)
	if err == nil && tag.RowsAffected() == 0 {
		return errPassed()
	}
	return err
}

// Start lets a planned migration copy, if no cell of its has too many moves
// already: else started is false and nothing changes.
func (s MigrationStore) Start(ctx context.Context, m, next controlplane.Migration) (started bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM cells WHERE cell_id IN ($1, $2) ORDER BY cell_id FOR NO KEY UPDATE`, m.Source, m.Target); err != nil {
			return err
		}
		var busiest int
		if err := tx.QueryRow(ctx, `
SELECT coalesce(max(n), 0) FROM (
  SELECT count(*) AS n FROM migrations g JOIN unnest(ARRAY[$1, $2]) AS c (cell) ON c.cell IN (g.source_cell, g.target_cell)
  WHERE g.phase IN `+working+` GROUP BY c.cell) AS busy`, m.Source, m.Target).Scan(&busiest); err != nil {
			return err
		}
		if started = busiest < m.Terms.MovesAtOnce; !started {
			return nil
		}
		if err := s.moveTo(ctx, tx, m, next); err != nil {
			return err
		}
		return s.recordMigration(ctx, tx, m, "migration.start", nil)
	})
	return started && err == nil, err
}

// Commit is the commit point: the directory names the other cell, with the next
// epoch, in the transaction that moves the migration on. It is one
// compare-and-set: on the migration's phase and token, and on cell and epoch of
// its tenant. Four round trips and the commit's own: the tenant is waiting.
func (s MigrationStore) Commit(ctx context.Context, m, next controlplane.Migration, from, to string, epoch uint64) error {
	if !m.Phase.MayBecome(next.Phase) {
		return fault.New(fault.Conflict, "a migration cannot go from %s to %s", m.Phase, next.Phase)
	}
	actor := controlplane.ActorOf(ctx)
	return s.tx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(move, s.moveArgs(m, next)...)
		batch.Queue(`
UPDATE tenants SET cell_id = $4, epoch = $5, placement_reason = $6, updated_at = $7 WHERE tenant_id = $1 AND cell_id = $2 AND epoch = $3 AND migration_id = $8`,
			[16]byte(m.TenantID), from, epoch-1, to, epoch, "migration "+m.ID.String(), s.now(), [16]byte(m.ID))
		batch.Queue(insertAudit, s.now(), actor.Name, actor.Role, "migration.commit", m.TenantID.String(), actor.RequestID,
			map[string]any{"migration": m.ID, "slug": m.Slug, "source": from, "target": to, "epoch": epoch})
		for _, q := range batch.QueuedQueries {
			q.Exec(func(tag pgconn.CommandTag) error {
				if tag.RowsAffected() != 1 {
					return errPassed()
				}
				return nil
			})
		}
		var version int64
		queueVersions(batch, 1, &version) // with the rest: a client who writes waits for it
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		_, err := s.log(ctx, tx, 1, version, stampTenantsSQL, uuids([]tenancy.ID{m.TenantID}))
		return err
	})
}

// Advance moves a migration on where nothing but itself changes.
func (s MigrationStore) Advance(ctx context.Context, m, next controlplane.Migration) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := s.moveTo(ctx, tx, m, next); err != nil {
			return err
		}
		return s.recordMigration(ctx, tx, m, "migration."+string(next.Phase), failureDetail(next))
	})
}

// Finish ends a migration: the tenant's claim is free, and the place in the
// cell that does not have the tenant.
func (s MigrationStore) Finish(ctx context.Context, m, next controlplane.Migration, left string) error {
	next.FinishedAt = s.now()
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := s.moveTo(ctx, tx, m, next); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE tenants SET migration_id = NULL WHERE tenant_id = $1 AND migration_id = $2`, [16]byte(m.TenantID), [16]byte(m.ID)); err != nil {
			return err
		}
		if err := givePlaces(ctx, tx, map[string]int{left: 1}); err != nil {
			return err
		}
		return s.recordMigration(ctx, tx, m, "migration."+string(next.Phase), failureDetail(next))
	})
}

func failureDetail(m controlplane.Migration) map[string]any {
	if m.Record.Failure == "" {
		return nil
	}
	return map[string]any{"code": m.Record.Code, "failure": m.Record.Failure}
}

// Order is an operator's wish: from one of some phases to another. A fault
// (conflict) says that the migration is elsewhere. It is due at once.
func (s MigrationStore) Order(ctx context.Context, id uuid.UUID, to controlplane.MigrationPhase, action string, code fault.Code, why string) (controlplane.Migration, error) {
	return s.change(ctx, id, action, map[string]any{"reason": why}, func(m *controlplane.Migration) error {
		if !m.Phase.MayBecome(to) {
			return fault.New(fault.Conflict, "the migration is %s; it cannot become %s", m.Phase, to)
		}
		m.Phase = to
		if to == controlplane.MigrationReturning {
			m.FreezeNo = 0 // of another cell
		}
		if code != "" {
			m.Record.Code, m.Record.Failure = code, why
		}
		return nil
	})
}

// SetPaused pauses a migration or lets it go on.
func (s MigrationStore) SetPaused(ctx context.Context, id uuid.UUID, paused bool, action string) (controlplane.Migration, error) {
	return s.change(ctx, id, action, nil, func(m *controlplane.Migration) error {
		switch m.Phase {
		case controlplane.MigrationPlanned, controlplane.MigrationCopying, controlplane.MigrationReturning:
			m.Paused = paused
			return nil
		}
		return fault.New(fault.Conflict, "the migration is %s; only what is not committed can pause", m.Phase)
	})
}

// SetRate changes the copy's bound.
func (s MigrationStore) SetRate(ctx context.Context, id uuid.UUID, bytesPerSecond int64) (controlplane.Migration, error) {
	return s.change(ctx, id, "migration.throttle", map[string]any{"bytes_per_second": bytesPerSecond}, func(m *controlplane.Migration) error {
		switch m.Phase {
		case controlplane.MigrationPlanned, controlplane.MigrationCopying:
			m.Terms.BytesPerSecond = bytesPerSecond
			return nil
		}
		return fault.New(fault.Conflict, "the migration is %s; only what copies can be throttled", m.Phase)
	})
}

// change applies a rule to a migration, whoever holds it: the holder's next
// step finds it changed.
func (s MigrationStore) change(ctx context.Context, id uuid.UUID, action string, detail map[string]any, rule func(*controlplane.Migration) error) (controlplane.Migration, error) {
	var m controlplane.Migration
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		if m, err = oneMigration(ctx, tx, selectMigrations+`WHERE migration_id = $1 FOR UPDATE`, [16]byte(id)); err != nil {
			return err
		}
		if err := rule(&m); err != nil {
			return err
		}
		now := s.now()
		m.DueAt, m.UpdatedAt = now, now
		if _, err := tx.Exec(ctx, `UPDATE migrations SET phase = $2, terms = $3, paused = $4, record = $5, due_at = $6, updated_at = $6, freeze_no = $7 WHERE migration_id = $1`,
			[16]byte(id), string(m.Phase), m.Terms, m.Paused, m.Record, now, m.FreezeNo); err != nil {
			return err
		}
		return s.recordMigration(ctx, tx, m, action, detail)
	})
	return m, err
}

// MigrationCounts returns how many migrations are in each phase.
func (s MigrationStore) MigrationCounts(ctx context.Context) (map[controlplane.MigrationPhase]int, error) {
	rows, err := s.pool.Query(ctx, `SELECT phase, count(*) FROM migrations GROUP BY phase`)
	if err != nil {
		return nil, outage(err)
	}
	counts := map[controlplane.MigrationPhase]int{}
	var phase controlplane.MigrationPhase
	var n int
	_, err = pgx.ForEachRow(rows, []any{&phase, &n}, func() error { counts[phase] = n; return nil })
	return counts, outage(err)
}
