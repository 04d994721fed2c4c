package citus

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// ImportSession is the right to do an import, on one connection: whoever loses
// the connection has lost the right, and everything that the import stores goes
// through it.
type ImportSession struct {
	conn *pgx.Conn
	of   cell.Transfer
	mode cell.ImportMode
}

// LeadImport tries to take the right to an import. It returns nil without an
// error while another process has it.
func (m *Mover) LeadImport(ctx context.Context, i cell.Import) (*ImportSession, error) {
	pooled, err := m.pool.Acquire(ctx)
	if err != nil {
		return nil, translate(err, nil)
	}
	s := &ImportSession{conn: pooled.Hijack(), of: i.Transfer, mode: i.Mode}
	var won bool
	if err := s.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockOf(i.Migration, 'i')).Scan(&won); err != nil || !won {
		s.Close()
		return nil, translate(err, nil)
	}
	return s, nil
}

// Close gives the right back.
func (s *ImportSession) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	closeQuietly(ctx, s.conn)
}

// ErrImportEnded says that the import was closed, opened or failed meanwhile.
var ErrImportEnded = fault.New(fault.Conflict, "the import has ended")

// inTx is one transaction of the import, and only while it may go on: whoever
// activates or closes it waits for the transaction, and stops the next.
func (s *ImportSession) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return translate(pg.InTx(ctx, s.conn, pgx.TxOptions{}, func(tx pgx.Tx) error {
		var fence, state string
		b := &pgx.Batch{}
		// What the source let pass its constraints passes here: a batch may hold a
		// row before the one that it refers to, and removes a row to put it back.
		// Only what is set locally reaches the worker that holds the rows.
		b.Queue(`SET LOCAL session_replication_role = replica`)
		b.Queue(`SELECT t.state, i.state FROM tenants t JOIN imports i ON i.tenant_id = t.tenant_id
			WHERE t.tenant_id = $1 AND i.tenant_id = $1 AND i.migration_id = $2 FOR SHARE OF t`, s.args()...).
			QueryRow(func(r pgx.Row) error { return r.Scan(&fence, &state) })
		err := tx.SendBatch(ctx, b).Close()
		want := cell.Importing
		if s.mode == cell.ImportFollow {
			want = cell.Departed
		}
		switch {
		case err != nil:
			return err
		case fence != string(want) || state != string(cell.ImportCopying) && state != string(cell.ImportCatchingUp) && state != string(cell.ImportReady):
			return ErrImportEnded
		}
		return fn(tx)
	}), nil)
}

// Tables returns the tables of this cell.
func (s *ImportSession) Tables(ctx context.Context) ([]cell.Table, error) {
	tables, err := tablesOf(ctx, s.conn)
	return tables, translate(err, nil)
}

// SetState changes how far the import is.
func (s *ImportSession) SetState(ctx context.Context, state cell.ImportState) error {
	return s.update(ctx, `state = $3, failure = ''`, string(state))
}

// SetEstimate records how much there is to copy, as the source says.
func (s *ImportSession) SetEstimate(ctx context.Context, tables int, rows, bytes int64) error {
	return s.update(ctx, `tables = $3, rows_estimate = $4, bytes_estimate = $5`, tables, rows, bytes)
}

func (s *ImportSession) update(ctx context.Context, set string, args ...any) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE imports SET `+set+` WHERE tenant_id = $1 AND migration_id = $2`, append(s.args(), args...)...)
		return err
	})
}

func (s *ImportSession) args() []any { return []any{s.of.Tenant.String(), s.of.Migration.String()} }

// StandAt records that the tables which are copied, if any, stand at a position
// of the source, under whose snapshot the others will be copied. What of those
// is here already is forgotten; see [ImportSession.EmptyTable].
func (s *ImportSession) StandAt(ctx context.Context, position cell.Position) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`UPDATE imports SET applied = $3::text::pg_lsn, applied_changes = 0 WHERE tenant_id = $1 AND migration_id = $2`, append(s.args(), position.String())...)
		b.Queue(`DELETE FROM import_tables WHERE tenant_id = $1 AND migration_id = $2 AND NOT done`, s.args()...)
		return tx.SendBatch(ctx, b).Close()
	})
}

// EmptyTable removes up to limit of the tenant's rows of a table and reports
// whether there may be more.
func (s *ImportSession) EmptyTable(ctx context.Context, t cell.Table, limit int) (more bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := removeSome(ctx, tx, t, s.of.Tenant, limit)
		more = n == int64(limit)
		return err
	})
	return more, err
}

// CopyChunk stores a chunk of a table, in binary COPY format, together with the
// end of it, which next returns once the data has been read. It returns that.
func (s *ImportSession) CopyChunk(ctx context.Context, t cell.Table, data io.Reader, next func() (cell.ChunkEnd, error)) (cell.ChunkEnd, error) {
	var end cell.ChunkEnd
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := s.conn.PgConn().CopyFrom(ctx, data, fmt.Sprintf(`COPY %s (%s) FROM STDIN (FORMAT binary)`, ident(t.Name), names(t.Columns, "")))
		if err != nil {
			return err
		}
		if end, err = next(); err != nil {
			return err
		}
		if tag.RowsAffected() != end.Rows {
			return fmt.Errorf("copy of %s: %d rows arrived of %d", t.Name, tag.RowsAffected(), end.Rows)
		}
		key := ""
		if end.Key != nil {
			text, err := json.Marshal(end.Key)
			if err != nil {
				return err
			}
			key = string(text)
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO import_tables AS t (tenant_id, migration_id, table_name, rows, bytes, last_key, done) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (tenant_id, migration_id, table_name) DO UPDATE
			SET rows = t.rows + excluded.rows, bytes = t.bytes + excluded.bytes, last_key = excluded.last_key, done = excluded.done`,
			append(s.args(), t.Name, end.Rows, end.Bytes, key, end.Last)...)
		return err
	})
	return end, err
}

// Touching begins to note the rows that change from now on, and forgets those
// noted before, with the outcome of the verification since which they were.
func (s *ImportSession) Touching(ctx context.Context) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`DELETE FROM import_touched WHERE tenant_id = $1 AND migration_id = $2`, s.args()...)
		b.Queue(`UPDATE imports SET touching = true, verified = '' WHERE tenant_id = $1 AND migration_id = $2`, s.args()...)
		return tx.SendBatch(ctx, b).Close()
	})
}
