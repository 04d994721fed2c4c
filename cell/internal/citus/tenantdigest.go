package citus

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// DigestTables digests the tenant's rows of the tables, one after the other, as
// they stand in the snapshot, or with "" in one of its own. begun is called as
// soon as that is taken.
//
// This is the opinion of the server itself on text, with its own hash: it
// shares nothing with the copy, which carries binary values that nobody reads.
func (m *Mover) DigestTables(ctx context.Context, id tenancy.ID, tables []cell.Table, snapshot string, begun func() error, each func(cell.TableDigest) error) error {
	return m.atHome(ctx, id, snapshot, func(tx pgx.Tx, h home) error {
		if err := setCanonical(ctx, tx); err != nil {
			return err
		}
		// The first statement that reads takes the snapshot.
		if _, err := tx.Exec(ctx, `SELECT FROM `+ident(h.name(fenceTables[0]))+` WHERE tenant_id = $1`, id.String()); err != nil {
			return err
		}
		if err := begun(); err != nil {
			return err
		}
		for _, t := range tables {
			if t.Class != cell.ClassTenant {
				continue
			}
			d, err := scanDigest(t, tx.QueryRow(ctx, digestSQL(h.table(t), ""), id.String()))
			if err != nil {
				return err
			}
			if err := each(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// DigestRows digests some rows as they stand in the snapshot, or with "" as they
// are now.
func (m *Mover) DigestRows(ctx context.Context, id tenancy.ID, tables []cell.Table, rows []cell.TableRows, snapshot string) ([]cell.TableDigest, error) {
	digests := make([]cell.TableDigest, 0, len(rows))
	err := m.atHome(ctx, id, snapshot, func(tx pgx.Tx, h home) error {
		b := &pgx.Batch{}
		queueCanonical(b)
		// To plan for the very keys takes longer than to look some thousand up by the index.
		b.Queue(`SET LOCAL plan_cache_mode = force_generic_plan`)
		b.Queue(`SET LOCAL enable_seqscan = off`)
		for _, some := range rows {
			t, err := tableNamed(tables, some.Table)
			if err != nil {
				return err
			}
			args := append([]any{id.String()}, keyArrays(t, some.Keys)...)
			b.Queue(digestSQL(h.table(t), keysCondition(t)), args...).QueryRow(func(r pgx.Row) error {
				d, err := scanDigest(t, r)
				digests = append(digests, d)
				return err
			})
		}
		return tx.SendBatch(ctx, b).Close()
	})
	return digests, err
}

func setCanonical(ctx context.Context, tx pgx.Tx) error {
	b := &pgx.Batch{}
	queueCanonical(b)
	return tx.SendBatch(ctx, b).Close()
}

func queueCanonical(b *pgx.Batch) {
	for _, statement := range canonical {
		b.Queue(statement)
	}
}

// digestSQL sums, and combines by exclusive or, two 64-bit hashes of each row's
// text. The columns stand in the order of their names, which both sides share.
func digestSQL(t cell.Table, condition string) string {
	return fmt.Sprintf(`
		SELECT count(*), coalesce(sum(hashtextextended(line, 0)), 0)::text, coalesce(sum(hashtextextended(line, 1)), 0)::text, coalesce(bit_xor(hashtextextended(line, 2)), 0)::text
		FROM (SELECT ROW(%s)::text COLLATE "C" AS line FROM %s WHERE tenant_id = $1%s) AS lines`, names(t.Columns, ""), ident(t.Name), condition)
}

func scanDigest(t cell.Table, r row) (cell.TableDigest, error) {
	d := cell.TableDigest{Table: t.Name}
	var sums [3]string
	err := r.Scan(&d.Rows, &sums[0], &sums[1], &sums[2])
	d.Sum = strings.Join(sums[:], ":")
	return d, err
}

func tableNamed(tables []cell.Table, name string) (cell.Table, error) {
	for _, t := range tables {
		if t.Name == name && t.Class == cell.ClassTenant && t.Problem == "" {
			return t, nil
		}
	}
	return cell.Table{}, fmt.Errorf("no table %q whose rows move", name)
}

// keysCondition selects the rows whose keys stand in the arrays of keyArrays,
// as parameters from $2 on. A table without a key has one row a tenant.
func keysCondition(t cell.Table) string {
	if len(t.Key) == 0 {
		return ""
	}
	arrays := make([]string, len(t.Key))
	for i, c := range t.Key {
		arrays[i] = fmt.Sprintf("$%d::text[]::%s[]", i+2, c.Type)
	}
	return fmt.Sprintf(` AND (%s) IN (SELECT * FROM unnest(%s))`, names(t.Key, ""), strings.Join(arrays, ", "))
}

// keyArrays turns keys into arrays, one a column.
func keyArrays(t cell.Table, keys [][]string) []any {
	arrays := make([]any, len(t.Key))
	for column := range t.Key {
		values := make([]string, len(keys))
		for i, key := range keys {
			values[i] = key[column]
		}
		arrays[column] = values
	}
	return arrays
}
