package citus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// A chunk has about chunkBytes: it is one transaction of the target, and long
// ones delay the making of slots there.
const (
	chunkBytes    = 8 << 20
	firstChunk    = 2_000  // rows
	largestChunk  = 50_000 // rows
	chunkGrowsMax = 8
)

// invalidSnapshot are the codes of a snapshot that is not there any more.
var invalidSnapshot = []string{"22023", "42704", "55000"}

// CopyTable writes the tenant's rows of a table behind the key from (nil: all)
// as they stand in the snapshot, in chunks in the order of the key. It returns
// fault.Gone if the snapshot is gone.
func (m *Mover) CopyTable(ctx context.Context, id tenancy.ID, t cell.Table, snapshot string, from []string, sink cell.ChunkSink) error {
	return m.atHome(ctx, id, snapshot, func(tx pgx.Tx, h home) error {
		t := h.table(t)
		// A range of keys is what an index is for; the planner, which guesses how
		// much of the table it is, must not read all of it for each chunk.
		if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		for rows := firstChunk; ; {
			to, err := chunkEnd(ctx, tx, id, t, from, rows)
			if err != nil {
				return err
			}
			counted := &countingWriter{to: sink}
			tag, err := tx.Conn().PgConn().CopyTo(ctx, counted, copyOutSQL(id, t, from, to))
			if err != nil {
				return err
			}
			end := cell.ChunkEnd{Key: to, Rows: tag.RowsAffected(), Bytes: counted.bytes, Last: to == nil}
			if err := sink.EndChunk(end); err != nil || end.Last {
				return err
			}
			from, rows = to, nextChunk(rows, counted.bytes)
		}
	})
}

// nextChunk is how many rows make chunkBytes, if the last ones were typical.
func nextChunk(rows int, bytes int64) int {
	fitting := int64(rows) * chunkBytes / max(bytes, 1)
	return int(min(max(fitting, 1), int64(rows)*chunkGrowsMax, largestChunk))
}

// chunkEnd returns the key of the last of the next rows, nil if there are not
// as many.
func chunkEnd(ctx context.Context, tx pgx.Tx, id tenancy.ID, t cell.Table, from []string, rows int) ([]string, error) {
	if len(t.Key) == 0 {
		return nil, nil // one row a tenant
	}
	key := names(t.Key, "")
	query := fmt.Sprintf(`SELECT %s FROM %s WHERE tenant_id = %s%s ORDER BY tenant_id, %s OFFSET %d LIMIT 1`,
		names(t.Key, "::text"), ident(t.Name), literal(id.String()), bound(t, ">", from), key, rows-1)
	to := make([]string, len(t.Key))
	into := make([]any, len(to))
	for i := range to {
		into[i] = &to[i]
	}
	err := tx.QueryRow(ctx, query).Scan(into...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return to, err
}

// copyOutSQL cannot have parameters: COPY takes none.
func copyOutSQL(id tenancy.ID, t cell.Table, from, to []string) string {
	return fmt.Sprintf(`COPY (SELECT %s FROM %s WHERE tenant_id = %s%s%s) TO STDOUT (FORMAT binary)`,
		names(t.Columns, ""), ident(t.Name), literal(id.String()), bound(t, ">", from), bound(t, "<=", to))
}

// bound is a condition on the key; nil is no bound.
func bound(t cell.Table, operator string, key []string) string {
	if key == nil {
		return ""
	}
	values := make([]string, len(key))
	for i, text := range key {
		values[i] = literal(text) + "::" + t.Key[i].Type
	}
	return fmt.Sprintf(` AND (%s) %s (%s)`, names(t.Key, ""), operator, strings.Join(values, ", "))
}

type countingWriter struct {
	to    io.Writer
	bytes int64
}

// Write implements [io.Writer].
func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.bytes += int64(n)
	return n, err
}
