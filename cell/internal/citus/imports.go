package citus

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// ImportsChannel is notified when an import has got further.
const ImportsChannel = "cell_imports"

const importColumns = `tenant_id, migration_id, mode, epoch, source_url, ticket, bytes_per_second, paused, state, failure, tables, rows_estimate, bytes_estimate,
	applied::text, applied_changes, source_position::text, current_at, verify_no, verified_no, verify_changed, verified, touching,
	files, files_here, file_bytes, bytes_here, files_complete`

func scanImport(r row) (cell.Import, error) {
	var i cell.Import
	var tenant uuid.UUID
	var current *time.Time
	var verified string
	err := r.Scan(&tenant, &i.Migration, &i.Mode, &i.Epoch, &i.SourceURL, &i.Ticket, &i.BytesPerSecond, &i.Paused, &i.State, &i.Failure, &i.TableCount, &i.RowsEstimate, &i.BytesEstimate,
		(*lsn)(&i.Applied), &i.AppliedChanges, (*lsn)(&i.SourcePosition), &current, &i.VerifyNo, &i.VerifiedNo, &i.VerifyChanged, &verified, &i.Touching,
		&i.Files.Files, &i.Files.Here, &i.Files.Bytes, &i.Files.BytesHere, &i.Files.Complete)
	i.Tenant = tenancy.ID(tenant)
	if current != nil {
		i.CurrentAt = *current
	}
	if err == nil && verified != "" {
		err = json.Unmarshal([]byte(verified), &i.Verified)
	}
	return i, err
}

// OpenImport records an import and, in mode copy, makes the tenant's fence:
// absent, or departed at an earlier epoch and cleaned up → importing. One that
// is there takes the new address, ticket and rate.
func (m *Mover) OpenImport(ctx context.Context, i cell.Import, slug tenancy.Slug) (cell.Import, error) {
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, i.Tenant)
		if err != nil {
			return err
		}
		known, err := scanImport(tx.QueryRow(ctx, selectImport, i.Tenant.String(), i.Migration.String()))
		switch {
		case err == nil && (known.Epoch != i.Epoch || known.Mode != i.Mode || known.State == cell.ImportClosing):
			return fault.New(fault.Conflict, "the migration has an import in mode %s at epoch %d, in state %s", known.Mode, known.Epoch, known.State)
		case err == nil:
			_, err := tx.Exec(ctx, `UPDATE imports SET source_url = $3, ticket = $4, bytes_per_second = $5 WHERE tenant_id = $1 AND migration_id = $2`,
				i.Tenant.String(), i.Migration.String(), i.SourceURL, i.Ticket, i.BytesPerSecond)
			return err
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		if err := mayBegin(ctx, tx, i.Transfer); err != nil {
			return err
		}
		return beginImport(ctx, tx, held, i, slug)
	})
	if err != nil {
		return cell.Import{}, err
	}
	return m.Import(ctx, i.Transfer)
}

// mayBegin refuses an import that was ended before: whoever asks for it again
// does not know, and is not the one who leads the migration now.
func mayBegin(ctx context.Context, tx pgx.Tx, t cell.Transfer) error {
	var ended bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+endedImports+` WHERE tenant_id = $1 AND migration_id = $2)`, t.Tenant.String(), t.Migration.String()).Scan(&ended)
	if err == nil && ended {
		err = fault.New(fault.Conflict, "the migration's import into this cell was ended; a new migration may begin one")
	}
	return err
}

func beginImport(ctx context.Context, tx pgx.Tx, held record, i cell.Import, slug tenancy.Slug) error {
	state := cell.ImportCopying
	if i.Mode == cell.ImportFollow {
		state = cell.ImportCatchingUp
		if held.State != cell.Departed || held.Epoch >= i.Epoch {
			return conflict(held)
		}
	} else if err := beginImporting(ctx, tx, held, i, slug); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO imports (tenant_id, migration_id, mode, epoch, source_url, ticket, bytes_per_second, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		i.Tenant.String(), i.Migration.String(), string(i.Mode), i.Epoch, i.SourceURL, i.Ticket, i.BytesPerSecond, string(state))
	return err
}

// beginImporting makes the fence's rows. What an earlier stay of the tenant left
// must have been cleaned up: it can be a lot, and this is one short transaction.
func beginImporting(ctx context.Context, tx pgx.Tx, held record, i cell.Import, slug tenancy.Slug) error {
	switch {
	case held.State == cell.Departed && held.Epoch < i.Epoch:
		tables, err := tablesOf(ctx, tx)
		if err != nil {
			return err
		}
		if left, err := anyRows(ctx, tx, tables, i.Tenant); err != nil || left {
			return errors.Join(err, errLeftovers)
		}
		b := &pgx.Batch{}
		queueFenceRemoval(b, i.Tenant)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
	case held.State != cell.Absent:
		return conflict(held)
	}
	// An import has no arrival to compare with: no sign-up of the tenant is the same.
	hash := sha256.Sum256(i.Migration[:])
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO tenants (tenant_id, slug, state, epoch, content_hash) VALUES ($1, $2, 'importing', $3, $4)`, i.Tenant.String(), string(slug), i.Epoch, hash[:])
	b.Queue(`INSERT INTO tenant_gate (tenant_id, open, closed_at) VALUES ($1, false, now())`, i.Tenant.String())
	return tx.SendBatch(ctx, b).Close()
}

var errLeftovers = fault.New(fault.Conflict, "rows of the tenant's earlier stay are still in this cell; clean up first")

func queueFenceRemoval(b *pgx.Batch, id tenancy.ID) {
	for _, table := range slices.Backward(fenceTables) {
		if table == endedImports || table == lateUsage {
			continue
		}
		b.Queue(`DELETE FROM `+table+` WHERE tenant_id = $1`, id.String())
	}
}

const selectImport = `SELECT ` + importColumns + ` FROM imports WHERE tenant_id = $1 AND migration_id = $2`

// Import returns an import, and how far its copy is.
func (m *Mover) Import(ctx context.Context, t cell.Transfer) (cell.Import, error) {
	var i cell.Import
	b := &pgx.Batch{}
	b.Queue(selectImport, t.Tenant.String(), t.Migration.String()).QueryRow(into(&i, scanImport))
	var tables []cell.ImportTable
	b.Queue(`SELECT table_name, rows, bytes, last_key, done FROM import_tables WHERE tenant_id = $1 AND migration_id = $2 ORDER BY table_name`,
		t.Tenant.String(), t.Migration.String()).Query(collect(&tables, scanImportTable))
	err := m.pool.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return i, fault.New(fault.NotFound, "this cell has no such import")
	}
	i.Tables = tables
	return i, translate(err, nil)
}

func scanImportTable(r row) (cell.ImportTable, error) {
	var t cell.ImportTable
	var key string
	if err := r.Scan(&t.Name, &t.Rows, &t.Bytes, &key, &t.Done); err != nil || key == "" {
		return t, err
	}
	return t, json.Unmarshal([]byte(key), &t.LastKey)
}

// Imports returns every import of the cell, without the tables.
func (m *Mover) Imports(ctx context.Context) ([]cell.Import, error) {
	rows, err := m.pool.Query(ctx, `SELECT `+importColumns+` FROM imports`)
	if err != nil {
		return nil, translate(err, nil)
	}
	var imports []cell.Import
	return imports, translate(collect(&imports, scanImport)(rows), nil)
}

// PatchImport pauses an import, lets it go on, or changes its rate; nil leaves
// as it is.
func (m *Mover) PatchImport(ctx context.Context, t cell.Transfer, paused *bool, bytesPerSecond *int64) error {
	return m.changeImport(ctx, t, `paused = coalesce($3, paused), bytes_per_second = coalesce($4, bytes_per_second)`, `true`, paused, bytesPerSecond)
}

// FailImport records why an import was broken off: for good, or to be tried
// again. One that is over is left alone.
func (m *Mover) FailImport(ctx context.Context, t cell.Transfer, failure string, forGood bool) error {
	err := m.changeImport(ctx, t, `failure = $3, state = CASE WHEN $4 THEN 'failed' WHEN state = 'ready' THEN 'catching_up' ELSE state END`,
		`state IN ('copying', 'catching_up', 'ready')`, failure, forGood)
	if fault.CodeOf(err) == fault.Conflict {
		return nil
	}
	return errors.Join(err, m.notifyImports(ctx))
}

// RequestVerification asks for a verification, of everything or of what changed
// since the last one, unless one is asked for already, and returns its number.
func (m *Mover) RequestVerification(ctx context.Context, t cell.Transfer, changed bool) (int64, error) {
	err := m.changeImport(ctx, t, `verify_no = CASE WHEN verify_no = verified_no THEN verify_no + 1 ELSE verify_no END,
		verify_changed = $3 AND (verify_changed OR verify_no = verified_no)`, `state = 'ready' AND NOT paused`, changed)
	if fault.CodeOf(err) == fault.Conflict {
		return 0, fault.New(fault.Conflict, "the import is not ready to be verified")
	}
	if err != nil {
		return 0, err
	}
	i, err := m.Import(ctx, t)
	return i.VerifyNo, err
}

// StoreVerification records the outcome of verification no. If there is one, rows
// that changed before it need not be compared again.
func (m *Mover) StoreVerification(ctx context.Context, t cell.Transfer, no int64, v cell.Verification) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("verification: %w", err)
	}
	if err := m.changeImport(ctx, t, `verified_no = $3, verified = $4`, `verify_no = $3`, no, string(text)); err != nil {
		return err
	}
	if v.Equal() {
		_, err = m.pool.Exec(ctx, `DELETE FROM import_touched WHERE tenant_id = $1 AND migration_id = $2 AND verify_no < $3`, t.Tenant.String(), t.Migration.String(), no)
		if err != nil {
			return translate(err, nil)
		}
	}
	return m.notifyImports(ctx)
}

func (m *Mover) notifyImports(ctx context.Context) error {
	_, err := m.pool.Exec(ctx, `SELECT pg_notify('`+ImportsChannel+`', '')`)
	return translate(err, nil)
}

func (m *Mover) changeImport(ctx context.Context, t cell.Transfer, set, from string, args ...any) error {
	tag, err := m.pool.Exec(ctx, `UPDATE imports SET `+set+` WHERE tenant_id = $1 AND migration_id = $2 AND `+from,
		append([]any{t.Tenant.String(), t.Migration.String()}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.New(fault.Conflict, "the import is not there or in another state")
	}
	return translate(err, nil)
}

// AwaitImport calls met with the import now and whenever it has got further,
// until met reports true or fails, or ctx ends.
func (m *Mover) AwaitImport(ctx context.Context, t cell.Transfer, met func(cell.Import) (bool, error)) error {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return translate(err, nil)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `LISTEN `+ImportsChannel); err != nil {
		return translate(err, nil)
	}
	defer func() {
		quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_, _ = conn.Exec(quiet, `UNLISTEN *`) // if it fails the connection is broken, and the pool discards it
	}()
	for {
		i, err := scanImport(conn.QueryRow(ctx, selectImport, t.Tenant.String(), t.Migration.String()))
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "this cell has no such import")
		}
		if err != nil {
			return translate(err, nil)
		}
		if done, err := met(i); done || err != nil {
			return err
		}
		if _, err := conn.Conn().WaitForNotification(ctx); err != nil {
			return translate(err, nil)
		}
	}
}

// Touched returns the rows that changed since the last verification.
func (m *Mover) Touched(ctx context.Context, t cell.Transfer) ([]cell.TableRows, error) {
	rows, err := m.pool.Query(ctx, `SELECT table_name, row_key FROM import_touched WHERE tenant_id = $1 AND migration_id = $2 ORDER BY table_name`,
		t.Tenant.String(), t.Migration.String())
	if err != nil {
		return nil, translate(err, nil)
	}
	var all []cell.TableRows
	var table, text string
	_, err = pgx.ForEachRow(rows, []any{&table, &text}, func() error {
		var key []string
		if err := json.Unmarshal([]byte(text), &key); err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].Table != table {
			all = append(all, cell.TableRows{Table: table})
		}
		last := &all[len(all)-1]
		last.Keys = append(last.Keys, key)
		return nil
	})
	return all, translate(err, nil)
}
