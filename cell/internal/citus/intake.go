package citus

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// BeginIntake makes room for an exported tenant: absent, or departed under an
// earlier epoch → importing, gate closed. An attempt under the same epoch that
// has not come to its end is replaced. One that replaces what is here takes the
// place of the tenant in any state.
func (m *Mover) BeginIntake(ctx context.Context, in cell.Intake) error {
	if in.Replaces {
		if err := m.CloseGate(ctx, in.TenantID); err != nil {
			return err
		}
	}
	return m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, in.TenantID)
		if err != nil {
			return err
		}
		replaces := held.State == cell.Importing && held.Epoch == in.Epoch || held.State == cell.Departed && held.Epoch < in.Epoch ||
			in.Replaces && held.Epoch <= in.Epoch
		if held.State != cell.Absent && !replaces {
			return conflict(held)
		}
		if err := removeTenant(ctx, tx, in.TenantID); err != nil {
			return err
		}
		if err := m.learnShapes(ctx, tx); err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO tenants (tenant_id, slug, state, epoch, content_hash) VALUES ($1, $2, 'importing', $3, $4)`,
			in.TenantID.String(), string(in.Slug), int64(in.Epoch), in.Token())
		b.Queue(`INSERT INTO tenant_gate (tenant_id, open, closed_at) VALUES ($1, false, now())`, in.TenantID.String())
		return tx.SendBatch(ctx, b).Close()
	})
}

// TakeIn adds rows of a section to an attempt, in a transaction of its own. The
// fence keeps them from everybody. What the section does not name gets its
// default: it was exported by an earlier schema.
func (m *Mover) TakeIn(ctx context.Context, in cell.Intake, section cell.Section, rows [][]byte) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		if err := holdIntake(ctx, tx, in, `FOR SHARE`); err != nil {
			return err
		}
		s, err := m.sectionShape(section)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, s.insertRows(section), in.TenantID.String(), arrayOf(rows))
		return badRows(section, err)
	})
}

// insertRows is the statement that adds the rows of the JSON array $2 to the
// tenant $1, whatever tenant they name.
func (s shape) insertRows(section cell.Section) string {
	values := make([]string, len(section.Columns))
	for i, name := range section.Columns {
		values[i] = "r." + quote(name)
		switch c, _ := s.column(name); {
		case name == "tenant_id":
			values[i] = "$1::uuid"
		case c.kind == "jsonb" && c.notNull:
			values[i] = "coalesce(" + values[i] + ", 'null')" // JSON's null is a value here
		}
	}
	return `INSERT INTO ` + quote(s.table) + ` (` + quoteAll(section.Columns) + `) SELECT ` + strings.Join(values, ", ") +
		` FROM json_populate_recordset(NULL::` + quote(s.table) + `, $2::text::json) AS r`
}

func arrayOf(rows [][]byte) string {
	var array bytes.Buffer
	array.WriteByte('[')
	for i, row := range rows {
		if i > 0 {
			array.WriteByte(',')
		}
		array.Write(row)
	}
	array.WriteByte(']')
	return array.String()
}

// badRows turns what the rows themselves brought about into a fault: values of
// the wrong type, broken constraints. The database's words would quote them.
func badRows(section cell.Section, err error) error {
	if state := sqlState(err); !strings.HasPrefix(state, dataException) && !strings.HasPrefix(state, brokenConstraint) {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "rows of the table %s cannot be stored: they break its rules or refer to rows that are missing", section.Table)
}

// DigestIntake identifies the rows of a section as they are stored now.
func (m *Mover) DigestIntake(ctx context.Context, in cell.Intake, section cell.Section) (cell.Digest, error) {
	var digest cell.Digest
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		if err := holdIntake(ctx, tx, in, ``); err != nil {
			return err
		}
		for _, setting := range canonical {
			if _, err := tx.Exec(ctx, setting); err != nil {
				return err
			}
		}
		s, err := m.sectionShape(section)
		if err == nil {
			digest, err = s.digest(ctx, tx, in.TenantID, section)
		}
		return err
	})
	return digest, err
}

// FinishIntake opens the cell to the tenant: importing → live, gate open.
func (m *Mover) FinishIntake(ctx context.Context, in cell.Intake, requestID string) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		if err := holdIntake(ctx, tx, in, `FOR UPDATE`); err != nil {
			return err
		}
		b := &pgx.Batch{}
		b.Queue(`UPDATE tenants SET state = 'live', changed_at = now() WHERE tenant_id = $1 AND state = 'importing'`, in.TenantID.String())
		b.Queue(`UPDATE tenant_gate SET open = true, closed_at = NULL WHERE tenant_id = $1`, in.TenantID.String())
		b.Queue(`SELECT pg_notify('` + JobsChannel + `', '')`)
		queueControlAudit(b, in.TenantID, "tenant.imported", requestID)
		return tx.SendBatch(ctx, b).Close()
	})
}

// AbandonIntake removes everything of an attempt. One that was replaced or has
// come to its end is left alone.
func (m *Mover) AbandonIntake(ctx context.Context, in cell.Intake) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, in.TenantID)
		if err != nil || held.State != cell.Importing || !bytes.Equal(held.contentHash, in.Token()) {
			return err
		}
		return removeTenant(ctx, tx, in.TenantID)
	})
}

// holdIntake makes sure that the tenant's row is still this attempt's.
func holdIntake(ctx context.Context, tx pgx.Tx, in cell.Intake, lock string) error {
	const query = `SELECT state = 'importing' AND epoch = $2 AND content_hash = $3 FROM tenants WHERE tenant_id = $1 `
	var holds bool
	err := tx.QueryRow(ctx, query+lock, in.TenantID.String(), int64(in.Epoch), in.Token()).Scan(&holds)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !holds {
		return fault.New(fault.Conflict, "another import took this one's place, or its rows were removed")
	}
	return err
}

// learnShapes reads the catalog once an attempt: its rows come in many
// transactions.
func (m *Mover) learnShapes(ctx context.Context, tx pgx.Tx) error {
	shapes, err := tenantShapes(ctx, tx)
	if err == nil {
		m.shapes.Store(&shapes)
	}
	return err
}

// sectionShape finds the section's table and checks that it has the columns.
func (m *Mover) sectionShape(section cell.Section) (shape, error) {
	shapes := m.shapes.Load()
	if shapes == nil {
		return shape{}, errors.New("no intake was begun")
	}
	s, err := shapeOf(*shapes, section.Table)
	if err != nil {
		return s, fault.Wrap(err, fault.Invalid, "this cell has no table %q", section.Table)
	}
	for _, name := range section.Columns {
		if _, known := s.column(name); !known {
			return s, fault.New(fault.Invalid, "the table %s has no column %q in this cell", section.Table, name)
		}
	}
	return s, nil
}
