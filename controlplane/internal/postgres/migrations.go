package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// MigrationStore keeps migrations. A worker's every step names its token, and
// the phase that it starts from: one that lost its lease changes nothing.
type MigrationStore struct{ *DB }

const (
	migrationColumns = `migration_id, tenant_id, slug, source_cell, target_cell, epoch, phase, stage, batch_id, terms, paused, actor,
       freeze_no, token, lease_until, due_at, window_until, created_at, updated_at, finished_at, record `

	selectMigrations = `SELECT ` + migrationColumns + `FROM migrations `

	notOver = `phase NOT IN ('completed', 'rolled_back', 'aborted')`
)

func scanMigration(row pgx.CollectableRow) (controlplane.Migration, error) {
	var m controlplane.Migration
	var batch *[16]byte
	var window, finished *time.Time
	err := row.Scan((*[16]byte)(&m.ID), (*[16]byte)(&m.TenantID), &m.Slug, &m.Source, &m.Target, &m.Epoch, &m.Phase, &m.Stage, &batch, &m.Terms, &m.Paused, &m.Actor,
		&m.FreezeNo, &m.Token, &m.LeaseUntil, &m.DueAt, &window, &m.CreatedAt, &m.UpdatedAt, &finished, &m.Record)
	if batch != nil {
		m.Batch = *batch
	}
	m.LeaseUntil, m.DueAt, m.CreatedAt, m.UpdatedAt = m.LeaseUntil.UTC(), m.DueAt.UTC(), m.CreatedAt.UTC(), m.UpdatedAt.UTC()
	m.WindowUntil, m.FinishedAt = orZero(window), orZero(finished)
	return m, err
}

// errPassed means that the migration is in other hands, or elsewhere.
func errPassed() error {
	return fault.New(fault.Stale, "the migration is worked on by somebody else, or has moved on")
}

func oneMigration(ctx context.Context, q querier, sql string, args ...any) (controlplane.Migration, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return controlplane.Migration{}, outage(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMigration)
	return m, none(err, "migration")
}

// passed makes errPassed of an empty result.
func passed(m controlplane.Migration, err error) (controlplane.Migration, error) {
	if fault.CodeOf(err) == fault.NotFound {
		err = errPassed()
	}
	return m, err
}

// Get returns one migration.
func (s MigrationStore) Get(ctx context.Context, id uuid.UUID) (controlplane.Migration, error) {
	return oneMigration(ctx, s.pool, selectMigrations+`WHERE migration_id = $1`, [16]byte(id))
}

// List returns a page of migrations, newest first; the page's key is an id.
func (s MigrationStore) List(ctx context.Context, f controlplane.MigrationFilter, page controlplane.Page) ([]controlplane.Migration, error) {
	before := uuid.Max
	if page.After != "" {
		var err error
		if before, err = uuid.Parse(page.After); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the cursor is not one of ours").At("cursor", "use next_cursor of the page before")
		}
	}
	rows, err := s.pool.Query(ctx, selectMigrations+`
WHERE migration_id < $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND ($3::uuid IS NULL OR batch_id = $3) AND ($4 = '' OR $4 IN (source_cell, target_cell))
AND ($5 = '' OR phase = $5) AND (NOT $6 OR `+notOver+`) ORDER BY migration_id DESC LIMIT $7`,
		[16]byte(before), tenantOrNull(f.Tenant), uuidOrNull(f.Batch), f.Cell, string(f.Phase), f.Open, page.Limit)
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, scanMigration)
	return found, outage(err)
}

func uuidOrNull(id *uuid.UUID) *[16]byte { return (*[16]byte)(id) }

func tenantOrNull(id *tenancy.ID) *[16]byte { return (*[16]byte)(id) }

// Create plans a migration: the tenant is claimed for it and a place in the
// target counted, in one transaction. Faults: conflict (the tenant is being
// moved, or is no longer as the migration says), stale (the target takes no more).
func (s MigrationStore) Create(ctx context.Context, m controlplane.Migration) (controlplane.Migration, error) {
	var created controlplane.Migration
	err := s.tx(ctx, func(tx pgx.Tx) error {
		now := s.now()
		var batch *[16]byte
		if m.Batch != uuid.Nil {
			batch = (*[16]byte)(&m.Batch)
		}
		var err error
		created, err = oneMigration(ctx, tx, `
INSERT INTO migrations (migration_id, tenant_id, slug, source_cell, target_cell, epoch, phase, stage, batch_id, terms, actor, lease_until, due_at, created_at, updated_at, record)
VALUES ($1, $2, $3, $4, $5, $6, 'planned', $7, $8, $9, $10, $11, $12, $11, $11, $13)
ON CONFLICT (tenant_id) WHERE `+notOver+` DO NOTHING RETURNING `+migrationColumns,
			[16]byte(m.ID), [16]byte(m.TenantID), string(m.Slug), m.Source, m.Target, m.Epoch, string(m.Stage), batch, m.Terms, controlplane.ActorOf(ctx).Name,
			now, later(now, m.Terms.NotBefore), m.Record)
		if fault.CodeOf(err) == fault.NotFound {
			return fault.New(fault.Conflict, "another migration of this tenant is under way")
		}
		if err != nil {
			return err
		}
		if err := claimTenant(ctx, tx, m); err != nil {
			return err
		}
		if err := takePlaces(ctx, tx, map[string]int{m.Target: 1}); err != nil {
			return err
		}
		return s.recordMigration(ctx, tx, m, "migration.create", map[string]any{"reason": m.Terms.Reason, "terms": m.Terms})
	})
	return created, err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b.UTC()
	}
	return a
}

func claimTenant(ctx context.Context, tx pgx.Tx, m controlplane.Migration) error {
	tag, err := tx.Exec(ctx, `
UPDATE tenants SET migration_id = $2 WHERE tenant_id = $1 AND migration_id IS NULL AND cell_id = $3 AND epoch = $4 AND state IN ('active', 'suspended')`,
		[16]byte(m.TenantID), [16]byte(m.ID), m.Source, m.Epoch)
	if err == nil && tag.RowsAffected() == 0 {
		return fault.New(fault.Conflict, "the tenant has changed in the meantime, or is being moved")
	}
	return err
}

// recordMigration writes a step into the audit log under the tenant's id, so
// that the tenant's history tells it.
func (s MigrationStore) recordMigration(ctx context.Context, tx pgx.Tx, m controlplane.Migration, action string, more map[string]any) error {
	detail := map[string]any{"migration": m.ID, "slug": m.Slug, "source": m.Source, "target": m.Target}
	for k, v := range more {
		detail[k] = v
	}
	return s.record(ctx, tx, action, m.TenantID.String(), detail)
}

// working are the phases in which a migration keeps its cells busy.
const working = `('copying', 'committed', 'returning', 'returned', 'aborting', 'keeping')`

// Due returns migrations that somebody should work on, longest due first. One
// that waits for its turn is left out while a cell of its has too many moves.
func (s MigrationStore) Due(ctx context.Context, now time.Time, limit int) ([]controlplane.Migration, error) {
	rows, err := s.pool.Query(ctx, `
WITH busy AS (
  SELECT cell, count(*) AS moves FROM migrations, unnest(ARRAY[source_cell, target_cell]) AS cell WHERE phase IN `+working+` GROUP BY cell)
`+selectMigrations+`m WHERE `+notOver+` AND due_at <= $1 AND lease_until <= $1 AND (phase <> 'planned'
  OR NOT EXISTS (SELECT FROM busy WHERE cell IN (m.source_cell, m.target_cell) AND moves >= (m.terms ->> 'moves_at_once')::int))
ORDER BY due_at LIMIT $2`, now, limit)
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, scanMigration)
	return found, outage(err)
}

// Take makes this worker the holder of a migration that nobody holds. A fault
// (stale) means that somebody else was quicker.
func (s MigrationStore) Take(ctx context.Context, id uuid.UUID, now, until time.Time) (controlplane.Migration, error) {
	return passed(oneMigration(ctx, s.pool, `
UPDATE migrations SET token = token + 1, lease_until = $3 WHERE migration_id = $1 AND lease_until <= $2 AND due_at <= $2 AND `+notOver+`
RETURNING `+migrationColumns, [16]byte(id), now, until))
}

// Renew extends this worker's lease.
func (s MigrationStore) Renew(ctx context.Context, m controlplane.Migration, until time.Time) error {
	tag, err := s.pool.Exec(ctx, `UPDATE migrations SET lease_until = $3 WHERE migration_id = $1 AND token = $2 AND lease_until < $3`, [16]byte(m.ID), m.Token, until)
	if err == nil && tag.RowsAffected() == 0 {
		return errPassed()
	}
	return outage(err)
}

// Release lets whoever comes take the migration from a time on. An order that
// came in meanwhile stays due.
func (s MigrationStore) Release(ctx context.Context, m controlplane.Migration, now, due time.Time) error {
	_, err := s.pool.Exec(ctx, `
UPDATE migrations SET lease_until = $3::timestamptz, due_at = CASE WHEN phase = $5 AND paused = $6 THEN $4::timestamptz ELSE $3::timestamptz END WHERE migration_id = $1 AND token = $2`,
		[16]byte(m.ID), m.Token, now, due, string(m.Phase), m.Paused)
	return outage(err)
}

// Save notes progress, and returns the migration as operators want it now.
func (s MigrationStore) Save(ctx context.Context, m controlplane.Migration) (controlplane.Migration, error) {
	return passed(oneMigration(ctx, s.pool, `
UPDATE migrations SET stage = CASE WHEN phase = $3 THEN $4 ELSE stage END, record = CASE WHEN phase = $3 THEN $5 ELSE record END, updated_at = $6
WHERE migration_id = $1 AND token = $2 RETURNING `+migrationColumns,
		[16]byte(m.ID), m.Token, string(m.Phase), string(m.Stage), m.Record, s.now()))
}

// NoteFreeze writes a freeze's number down, which whoever comes next needs for
// thawing and departing. It is done before the seal.
func (s MigrationStore) NoteFreeze(ctx context.Context, m controlplane.Migration, freezeNo uint64) error {
	tag, err := s.pool.Exec(ctx, `UPDATE migrations SET freeze_no = $4 WHERE migration_id = $1 AND token = $2 AND phase = $3`,
		[16]byte(m.ID), m.Token, string(m.Phase), freezeNo)
	if err == nil && tag.RowsAffected() == 0 {
		return errPassed()
	}
	return outage(err)
}

// SetCertificate stores the certificate; a second one does not replace it.
func (s MigrationStore) SetCertificate(ctx context.Context, m controlplane.Migration, certificate []byte) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE migrations SET certificate = $3 WHERE migration_id = $1 AND token = $2 AND certificate IS NULL`,
			[16]byte(m.ID), m.Token, string(certificate))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.recordMigration(ctx, tx, m, "migration.certify", map[string]any{"certificate": rawJSON(certificate)})
	})
}

// Certificate returns the certificate of a migration that has one.
func (s MigrationStore) Certificate(ctx context.Context, id uuid.UUID) ([]byte, error) {
	var raw *string
	err := s.pool.QueryRow(ctx, `SELECT certificate::text FROM migrations WHERE migration_id = $1`, [16]byte(id)).Scan(&raw)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fault.New(fault.NotFound, "no such migration")
	case err != nil:
		return nil, outage(err)
	case raw == nil:
		return nil, fault.New(fault.NotFound, "the migration has no certificate: it has one once the tenant is live in its target")
	}
	return []byte(*raw), nil
}
