package citus

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// shape is what the database's catalog says of a table with a tenant's rows.
// Whoever moves whole tenants asks the catalog, so that no table is forgotten.
type shape struct {
	table   string
	columns []column
	key     []string // columns of the primary key, in its order
}

type column struct {
	name    string
	kind    string // as format_type names it
	notNull bool
	secret  bool // declared by COMMENT ON COLUMN … IS 'secrecy: secret'
}

// queryer is a pool, a connection or a transaction.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Generated columns are left out: a cell computes them anew.
const columnsSQL = `
SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
	coalesce(col_description(c.oid, a.attnum::int) = 'secrecy: secret', false), coalesce(array_position(i.indkey::int2[], a.attnum), -1)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
	AND obj_description(c.oid, 'pg_class') = 'tenancy: tenant'
ORDER BY c.relname COLLATE "C", a.attname COLLATE "C"`

const referencesSQL = `
SELECT r.relname::text, f.relname::text FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND k.conparentid = 0 AND r.relnamespace = 'public'::regnamespace`

// tenantShapes returns every table with tenants' rows, referenced ones before
// those that refer to them.
func tenantShapes(ctx context.Context, db queryer) ([]shape, error) {
	shapes, err := readShapes(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	references, err := readReferences(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	return inOrder(shapes, references)
}

func readShapes(ctx context.Context, db queryer) ([]shape, error) {
	rows, err := db.Query(ctx, columnsSQL)
	if err != nil {
		return nil, err
	}
	var shapes []shape
	keys := map[string]map[int]string{}
	var table string
	var c column
	var place int
	_, err = pgx.ForEachRow(rows, []any{&table, &c.name, &c.kind, &c.notNull, &c.secret, &place}, func() error {
		if len(shapes) == 0 || shapes[len(shapes)-1].table != table {
			shapes, keys[table] = append(shapes, shape{table: table}), map[int]string{}
		}
		last := &shapes[len(shapes)-1]
		last.columns = append(last.columns, c)
		if place >= 0 {
			keys[table][place] = c.name
		}
		return nil
	})
	for i := range shapes {
		for place := range len(keys[shapes[i].table]) {
			shapes[i].key = append(shapes[i].key, keys[shapes[i].table][place])
		}
	}
	return shapes, err
}

// readReferences returns, for every table, those that it refers to.
func readReferences(ctx context.Context, db queryer) (map[string][]string, error) {
	rows, err := db.Query(ctx, referencesSQL)
	if err != nil {
		return nil, err
	}
	references := map[string][]string{}
	var from, to string
	_, err = pgx.ForEachRow(rows, []any{&from, &to}, func() error {
		references[from] = append(references[from], to)
		return nil
	})
	return references, err
}

// inOrder sorts tables by what they refer to, then by name.
func inOrder(shapes []shape, references map[string][]string) ([]shape, error) {
	var ordered []shape
	left := slices.Clone(shapes)
	for len(left) > 0 {
		free := slices.IndexFunc(left, func(s shape) bool {
			return !slices.ContainsFunc(left, func(other shape) bool { return slices.Contains(references[s.table], other.table) })
		})
		if free < 0 {
			return nil, fmt.Errorf("the tables %s refer to each other in a circle", tableNames(left))
		}
		ordered = append(ordered, left[free])
		left = slices.Delete(left, free, free+1)
	}
	return ordered, nil
}

func tableNames(shapes []shape) string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.table
	}
	return strings.Join(names, ", ")
}

// section names the columns that travel: all, or all but the secret ones.
func (s shape) section(secrets bool) cell.Section {
	section := cell.Section{Table: s.table}
	for _, c := range s.columns {
		if secrets || !c.secret {
			section.Columns = append(section.Columns, c.name)
		}
	}
	return section
}

func (s shape) column(name string) (column, bool) {
	i := slices.IndexFunc(s.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return s.columns[i], true
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}
