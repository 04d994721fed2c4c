package citus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// Apply stores a batch and the position behind it in one transaction.
func (s *ImportSession) Apply(ctx context.Context, b cell.Batch) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		for _, t := range b.Tables {
			if err := s.applyTable(ctx, tx, t); err != nil {
				return fmt.Errorf("table %s: %w", t.Table.Name, err)
			}
		}
		batch := &pgx.Batch{}
		if b.Touching {
			s.queueTouched(batch, b.Tables, b.Since)
		}
		set := `applied = $3::text::pg_lsn, applied_changes = $4, source_position = $5::text::pg_lsn`
		if b.Current {
			set += `, current_at = now()` // Citus takes no clock within a CASE
		}
		batch.Queue(`UPDATE imports SET `+set+` WHERE tenant_id = $1 AND migration_id = $2`,
			append(s.args(), b.Applied.String(), b.AppliedChanges, b.SourcePosition.String())...)
		batch.Queue(`SELECT pg_notify('` + ImportsChannel + `', '')`)
		return tx.SendBatch(ctx, batch).Close()
	})
}

func (s *ImportSession) applyTable(ctx context.Context, tx pgx.Tx, t cell.TableBatch) error {
	kept, err := s.removeRows(ctx, tx, t)
	if err != nil || len(t.Rows) == 0 {
		return err
	}
	var text bytes.Buffer
	for _, r := range t.Rows {
		for i, v := range r.Values {
			if i > 0 {
				text.WriteByte('\t')
			}
			if v.Unchanged {
				old, ok := kept[keyText(r.From)][t.Columns[i]]
				if !ok {
					return errors.New("the row that a change leaves in part as it was is not here")
				}
				v = old
			}
			writeCopyText(&text, v)
		}
		text.WriteByte('\n')
	}
	columns := make([]string, len(t.Columns))
	for i, name := range t.Columns {
		columns[i] = ident(name)
	}
	_, err = s.conn.PgConn().CopyFrom(ctx, &text, fmt.Sprintf(`COPY %s (%s) FROM STDIN`, ident(t.Table.Name), strings.Join(columns, ", ")))
	return err
}

// removeRows removes the rows and returns, by key and column, the values that
// the log left out because they did not change. They are read first: Citus
// takes no cast to text in what a DELETE returns.
func (s *ImportSession) removeRows(ctx context.Context, tx pgx.Tx, t cell.TableBatch) (map[string]map[string]cell.Value, error) {
	from := fmt.Sprintf(`FROM %s WHERE tenant_id = $1%s`, ident(t.Table.Name), keysCondition(t.Table))
	args := append([]any{s.of.Tenant.String()}, keyArrays(t.Table, t.Keys)...)
	kept := map[string]map[string]cell.Value{}
	b := &pgx.Batch{}
	if unchanged := unchangedColumns(t); len(unchanged) > 0 {
		queueCanonical(b)
		columns := names(unchanged, "::text")
		if len(t.Table.Key) > 0 {
			columns = names(t.Table.Key, "::text") + ", " + columns
		}
		b.Queue(`SELECT `+columns+` `+from, args...).Query(func(rows pgx.Rows) error { return readKept(rows, len(t.Table.Key), unchanged, kept) })
	}
	b.Queue(`DELETE `+from, args...)
	return kept, tx.SendBatch(ctx, b).Close()
}

// readKept reads rows of which the first columns are the key.
func readKept(rows pgx.Rows, keyLength int, columns []cell.Column, kept map[string]map[string]cell.Value) error {
	texts := make([]*string, keyLength+len(columns))
	into := make([]any, len(texts))
	for i := range texts {
		into[i] = &texts[i]
	}
	_, err := pgx.ForEachRow(rows, into, func() error {
		key := make([]string, keyLength)
		for i := range key {
			key[i] = *texts[i]
		}
		values := map[string]cell.Value{}
		for i, c := range columns {
			if text := texts[keyLength+i]; text != nil {
				values[c.Name] = cell.Value{Text: []byte(*text)}
			} else {
				values[c.Name] = cell.Value{Null: true}
			}
		}
		kept[keyText(key)] = values
		return nil
	})
	return err
}

// unchangedColumns are the columns of which some row's value is left out.
func unchangedColumns(t cell.TableBatch) []cell.Column {
	var columns []cell.Column
	for i, name := range t.Columns {
		if slices.ContainsFunc(t.Rows, func(r cell.NewRow) bool { return r.Values[i].Unchanged }) {
			columns = append(columns, cell.Column{Name: name})
		}
	}
	return columns
}

// queueTouched notes the keys of a batch, by one statement a table.
func (s *ImportSession) queueTouched(b *pgx.Batch, tables []cell.TableBatch, since int64) {
	for _, t := range tables {
		keys := make([]string, len(t.Keys))
		for i, key := range t.Keys {
			keys[i] = keyText(key)
		}
		b.Queue(`INSERT INTO import_touched AS t (tenant_id, migration_id, table_name, row_key, verify_no) SELECT $1, $2, $3, unnest($4::text[]), $5
			ON CONFLICT (tenant_id, migration_id, table_name, row_key) DO UPDATE SET verify_no = greatest(t.verify_no, excluded.verify_no)`,
			append(s.args(), t.Table.Name, keys, since)...)
	}
}

// keyText is a key as one text.
func keyText(key []string) string {
	if key == nil {
		key = []string{}
	}
	text, _ := json.Marshal(key) // texts can always be marshalled
	return string(text)
}

// writeCopyText writes a value in the text format of COPY.
func writeCopyText(b *bytes.Buffer, v cell.Value) {
	if v.Null {
		b.WriteString(`\N`)
		return
	}
	for _, c := range v.Text {
		switch c {
		case '\\':
			b.WriteString(`\\`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteByte(c)
		}
	}
}
