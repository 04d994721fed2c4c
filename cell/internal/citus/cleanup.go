package citus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	removedAtOnce = 5_000           // rows of one transaction
	removalTurn   = 3 * time.Second // of one call
)

// CleanUp removes rows that a tenant left when it departed at the epoch, for a
// few seconds. It returns how many, and whether there are more. Every batch looks
// at the fence again, and holds it; so it does while files, called first, removes
// some. With forget the fence goes last.
func (m *Mover) CleanUp(ctx context.Context, id tenancy.ID, epoch uint64, forget bool, files func(context.Context) (more bool, err error)) (removed int64, more bool, err error) {
	removed, more, err = m.removeInBatches(ctx, id, files, func(ctx context.Context, tx pgx.Tx) error {
		return mayBeCleaned(ctx, tx, id, epoch)
	})
	if err != nil || more || !forget {
		return removed, more, err
	}
	return removed, false, m.inTx(ctx, func(tx pgx.Tx) error {
		if err := mayBeCleaned(ctx, tx, id, epoch); err != nil {
			return err
		}
		b := &pgx.Batch{}
		queueFenceRemoval(b, id)
		return tx.SendBatch(ctx, b).Close()
	})
}

// mayBeCleaned refuses unless the tenant departed at the epoch and nothing
// streams its rows any more.
func mayBeCleaned(ctx context.Context, tx pgx.Tx, id tenancy.ID, epoch uint64) error {
	held, err := lockRecord(ctx, tx, id)
	if err != nil || held.State == cell.Absent {
		return err
	}
	if held.State != cell.Departed || held.Epoch != epoch {
		return conflict(held)
	}
	var open bool
	const query = `SELECT EXISTS (SELECT FROM exports WHERE tenant_id = $1 AND state <> 'failed') OR EXISTS (SELECT FROM imports WHERE tenant_id = $1 AND state <> 'activated')`
	if err := tx.QueryRow(ctx, query, id.String()).Scan(&open); err != nil {
		return err
	}
	if open {
		return fault.New(fault.Conflict, "an export or import of the tenant is open in this cell; close it first")
	}
	return nil
}

// CloseImport ends an import. What a copy brought is removed, some seconds'
// worth a call, with its files as in [Mover.CleanUp]; more says that it has to be
// called again. An import that is not there is no error.
func (m *Mover) CloseImport(ctx context.Context, t cell.Transfer, files func(context.Context) (more bool, err error)) (more bool, err error) {
	brought, err := m.beginClosing(ctx, t)
	if err != nil || !brought {
		return false, err
	}
	if err := m.letImportStop(ctx, t); err != nil {
		return false, err
	}
	_, more, err = m.removeInBatches(ctx, t.Tenant, files, func(ctx context.Context, tx pgx.Tx) error { return stillClosing(ctx, tx, t) })
	if err != nil || more {
		return more, err
	}
	return false, m.inTx(ctx, func(tx pgx.Tx) error {
		if err := stillClosing(ctx, tx, t); err != nil {
			return err
		}
		b := &pgx.Batch{}
		queueFenceRemoval(b, t.Tenant)
		return tx.SendBatch(ctx, b).Close()
	})
}

// beginClosing stops the import and reports whether there are rows to remove;
// if not, its record is gone.
func (m *Mover) beginClosing(ctx context.Context, t cell.Transfer) (brought bool, err error) {
	err = m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, t.Tenant)
		if err != nil {
			return err
		}
		if err := noteEnded(ctx, tx, t); err != nil {
			return err
		}
		i, err := scanImport(tx.QueryRow(ctx, selectImport, t.Tenant.String(), t.Migration.String()))
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		brought = i.Mode == cell.ImportCopy && held.State == cell.Importing
		if brought {
			_, err := tx.Exec(ctx, `UPDATE imports SET state = 'closing' WHERE tenant_id = $1 AND migration_id = $2`, t.Tenant.String(), t.Migration.String())
			return err
		}
		b := &pgx.Batch{}
		for _, table := range []string{"import_touched", "import_tables", "imports"} {
			b.Queue(`DELETE FROM `+table+` WHERE tenant_id = $1 AND migration_id = $2`, t.Tenant.String(), t.Migration.String())
		}
		return tx.SendBatch(ctx, b).Close()
	})
	return brought, err
}

// noteEnded remembers that the import does not come back, for longer than any
// message can be on its way.
func noteEnded(ctx context.Context, tx pgx.Tx, t cell.Transfer) error {
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO `+endedImports+` (tenant_id, migration_id, ended_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING`, t.Tenant.String(), t.Migration.String())
	b.Queue(`DELETE FROM ` + endedImports + ` WHERE ended_at < now() - interval '30 days'`)
	return tx.SendBatch(ctx, b).Close()
}

func stillClosing(ctx context.Context, tx pgx.Tx, t cell.Transfer) error {
	held, err := lockRecord(ctx, tx, t.Tenant)
	if err != nil || held.State == cell.Absent {
		return err
	}
	i, err := scanImport(tx.QueryRow(ctx, selectImport, t.Tenant.String(), t.Migration.String()))
	if err == nil && (held.State != cell.Importing || i.State != cell.ImportClosing) {
		return conflict(held)
	}
	return err
}

// removeInBatches removes the tenant's files and its rows of every table for a
// few seconds, each batch only if check still passes.
func (m *Mover) removeInBatches(ctx context.Context, id tenancy.ID, files func(context.Context) (more bool, err error), check func(context.Context, pgx.Tx) error) (removed int64, more bool, err error) {
	tables, err := m.Tables(ctx)
	if err != nil {
		return 0, false, err
	}
	end := time.Now().Add(removalTurn)
	for left := true; left; {
		if time.Now().After(end) {
			return 0, true, nil
		}
		err := m.inTx(ctx, func(tx pgx.Tx) error {
			if err := check(ctx, tx); err != nil {
				return err
			}
			held, err := lockRecord(ctx, tx, id)
			if err != nil || held.State == cell.Absent { // then the files went before the fence
				left = false
				return err
			}
			left, err = files(ctx)
			return err
		})
		if err != nil {
			return 0, false, err
		}
	}
	for _, t := range slices.Backward(tables) {
		for full := t.Class == cell.ClassTenant; full; {
			if time.Now().After(end) {
				return removed, true, nil
			}
			err := m.inTx(ctx, func(tx pgx.Tx) error {
				if err := check(ctx, tx); err != nil {
					return err
				}
				n, err := removeSome(ctx, tx, t, id, removedAtOnce)
				removed, full = removed+n, n == removedAtOnce
				return err
			})
			if err != nil {
				return removed, false, err
			}
		}
	}
	return removed, false, nil
}

// removeSome removes up to limit of the tenant's rows of a table.
func removeSome(ctx context.Context, tx pgx.Tx, t cell.Table, id tenancy.ID, limit int) (int64, error) {
	statement := fmt.Sprintf(`DELETE FROM %s WHERE tenant_id = $1`, ident(t.Name))
	if len(t.Key) > 0 {
		key := names(t.Key, "")
		statement += fmt.Sprintf(` AND (%s) IN (SELECT %s FROM %s WHERE tenant_id = $1 LIMIT %d)`, key, key, ident(t.Name), limit)
	}
	tag, err := tx.Exec(ctx, statement, id.String())
	return tag.RowsAffected(), err
}

// anyRows reports whether the tenant has rows in any table whose rows move.
func anyRows(ctx context.Context, tx pgx.Tx, tables []cell.Table, id tenancy.ID) (bool, error) {
	var parts []string
	for _, t := range tables {
		if t.Class == cell.ClassTenant {
			parts = append(parts, `EXISTS (SELECT FROM `+ident(t.Name)+` WHERE tenant_id = $1)`)
		}
	}
	var found bool
	err := tx.QueryRow(ctx, `SELECT `+strings.Join(append(parts, "false"), " OR "), id.String()).Scan(&found)
	return found, err
}
