package citus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// catalogSQL reads every table of the schema, also those that this program does
// not know: what moves is what the database says.
const catalogSQL = `
SELECT c.relname::text, coalesce(obj_description(c.oid, 'pg_class'), ''), c.relkind::text, c.relpersistence::text, c.relreplident::text,
	has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE'),
	ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attname),
	ARRAY(SELECT format_type(a.atttypid, NULL) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attname),
	ARRAY(SELECT a.attname::text FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place) JOIN pg_attribute a ON a.attnum = k.attnum
		WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid ORDER BY k.place)
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relname <> 'goose_db_version'
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname`

const movedReferencesSQL = `
SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conrelid <> confrelid AND conparentid = 0`

// Tables returns every table of the cell's schema, referenced ones before those
// that refer to them.
func (m *Mover) Tables(ctx context.Context) ([]cell.Table, error) {
	tables, err := tablesOf(ctx, m.pool)
	if err == nil {
		err = noteUndistributed(ctx, m.pool, tables)
	}
	return tables, translate(err, nil)
}

// recentTables are what the catalog said a moment ago.
type recentTables struct {
	tables []cell.Table
	at     time.Time
}

// recentLife is how old they may be: a migration asks for each table it copies, and
// in its write pause, and the catalog takes longer than the rows.
const recentLife = 5 * time.Second

// RecentTables returns what Tables did some seconds ago, or does now.
func (m *Mover) RecentTables(ctx context.Context) ([]cell.Table, error) {
	if known := m.recent.Load(); known != nil && time.Since(known.at) < recentLife {
		return known.tables, nil
	}
	now := time.Now()
	tables, err := m.Tables(ctx)
	if err == nil {
		m.recent.Store(&recentTables{tables, now})
	}
	return tables, err
}

func tablesOf(ctx context.Context, db batcher) ([]cell.Table, error) {
	var tables []cell.Table
	needs := map[string][]string{}
	b := &pgx.Batch{}
	b.Queue(catalogSQL).Query(collect(&tables, scanTable))
	b.Queue(movedReferencesSQL).Query(func(rows pgx.Rows) error {
		var from, to string
		_, err := pgx.ForEachRow(rows, []any{&from, &to}, func() error { needs[from] = append(needs[from], to); return nil })
		return err
	})
	if err := db.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	return referencedFirst(tables, needs), nil
}

type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func scanTable(r row) (cell.Table, error) {
	var t cell.Table
	var comment, kind, persistence, identity string
	var allowed bool
	var names, types, key []string
	if err := r.Scan(&t.Name, &comment, &kind, &persistence, &identity, &allowed, &names, &types, &key); err != nil {
		return t, err
	}
	typeOf := map[string]string{}
	for i, name := range names {
		t.Columns = append(t.Columns, cell.Column{Name: name, Type: types[i]})
		typeOf[name] = types[i]
	}
	for _, name := range key[min(1, len(key)):] {
		t.Key = append(t.Key, cell.Column{Name: name, Type: typeOf[name]})
	}
	class, _ := strings.CutPrefix(comment, "tenancy: ")
	t.Class = cell.TableClass(class)
	switch {
	case t.Class == cell.ClassFence || t.Class == cell.ClassNone:
	case t.Class != cell.ClassTenant:
		t.Problem = fmt.Sprintf("the table %s does not say what becomes of its rows when a tenant moves: COMMENT ON TABLE %s IS 'tenancy: tenant'", t.Name, t.Name)
	case kind == "f" || persistence != "p":
		t.Problem = fmt.Sprintf("the table %s is foreign, temporary or unlogged, so its changes are in no log: make it an ordinary table", t.Name)
	case len(key) == 0 || key[0] != "tenant_id" || typeOf["tenant_id"] != "uuid":
		t.Problem = fmt.Sprintf("the primary key of the table %s does not begin with tenant_id, a uuid: make one that does", t.Name)
	case identity != "d":
		t.Problem = fmt.Sprintf("changes of the table %s are not logged by its primary key: ALTER TABLE %s REPLICA IDENTITY DEFAULT", t.Name, t.Name)
	case !allowed:
		t.Problem = fmt.Sprintf("the role %s may not move rows of the table %s: GRANT SELECT, INSERT, DELETE ON %s TO %s", MoverRole, t.Name, t.Name, MoverRole)
	}
	return t, nil
}

// referencedFirst keeps the order of tables otherwise. Of tables that refer to
// each other in a circle any may come first: nothing that is moved is checked
// against foreign keys before all of it is there.
func referencedFirst(tables []cell.Table, needs map[string][]string) []cell.Table {
	ordered := make([]cell.Table, 0, len(tables))
	visited := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if visited[name] {
			return
		}
		visited[name] = true
		for _, needed := range needs[name] {
			visit(needed)
		}
		if i := slices.IndexFunc(tables, func(t cell.Table) bool { return t.Name == name }); i >= 0 {
			ordered = append(ordered, tables[i])
		}
	}
	for _, t := range tables {
		visit(t.Name)
	}
	return ordered
}

// names returns quoted names, each with a suffix, separated by commas.
func names(columns []cell.Column, suffix string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = ident(c.Name) + suffix
	}
	return strings.Join(quoted, ", ")
}

func ident(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
