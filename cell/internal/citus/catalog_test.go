package citus_test

import (
	"slices"
	"testing"

	"github.com/coditect/platform/cell/internal/citus"
)

// Every table of the database, also one that is added later, is protected,
// keyed by its tenant and says what becomes of its rows when a tenant moves.
func TestCatalog(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	tables := query(t, dsn, `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
		AND relname <> 'goose_db_version' AND coalesce(obj_description(oid, 'pg_class'), '') <> 'tenancy: none' ORDER BY relname`)
	if wrong := query(t, dsn, `SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE obj_description(c.oid, 'pg_class') = 'tenancy: none' AND (a.attname = 'tenant_id' OR NOT c.relforcerowsecurity)`); len(wrong) > 0 {
		t.Errorf("%v say that they are about no tenant, and name one, or are open to everybody", wrong)
	}
	known := citus.Tables()
	if !slices.Equal(tables, known) {
		t.Errorf("tables %v, want %v: a new table also goes to tables.go", tables, known)
	}
	for _, c := range []struct{ rule, offenders string }{
		{"row-level security is enabled and forced", `
			SELECT relname::text FROM pg_class WHERE relname = ANY($1::text[]) AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)`},
		{"the application's policies begin with the tenant, whatever the command", `
			SELECT t FROM unnest($1::text[]) t WHERE NOT EXISTS (SELECT FROM pg_policies WHERE tablename = t AND roles = '{cell_app}')
			UNION SELECT tablename::text FROM pg_policies WHERE roles = '{cell_app}' AND tablename = ANY($1::text[])
				AND (coalesce(qual, with_check) !~ '^\(?\(tenant_id = \(NULLIF\(current_setting\(''app.tenant_id''::text, true\), ''''::text\)\)::uuid\)( AND |$)'
					OR coalesce(qual, with_check) ~ ' OR ')`},
		{"no policy is restrictive: Citus would make it permissive where the rows are", `SELECT tablename::text FROM pg_policies WHERE permissive <> 'PERMISSIVE' AND tablename = ANY($1::text[])`},
		{"no policy is for everybody", `SELECT tablename::text FROM pg_policies WHERE tablename = ANY($1::text[]) AND 'public' = ANY(roles)`},
		{"the primary key begins with tenant_id", `
			SELECT t FROM unnest($1::text[]) t WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
				WHERE i.indrelid = t::regclass AND i.indisprimary AND a.attname = 'tenant_id')`},
		{"unique indexes begin with tenant_id", `
			SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indisunique AND c.relname = ANY($1::text[]) AND a.attname <> 'tenant_id'`},
		{"foreign keys include tenant_id on both sides", `
			SELECT c.conname::text FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid::regclass::text = ANY($1::text[]) AND NOT EXISTS (
				SELECT FROM unnest(c.conkey, c.confkey) AS k (mine, theirs)
				JOIN pg_attribute m ON m.attrelid = c.conrelid AND m.attnum = k.mine JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = k.theirs
				WHERE m.attname = 'tenant_id' AND f.attname = 'tenant_id')`},
		{"the tenancy class is declared", `
			SELECT t FROM unnest($1::text[]) t WHERE coalesce(obj_description(t::regclass), '') NOT IN ('tenancy: fence', 'tenancy: tenant')`},
		{"the cell's roles own nothing", `SELECT tablename::text FROM pg_tables WHERE tableowner LIKE 'cell\_%' AND tablename = ANY($1::text[])`},
		{"nothing counts by a sequence", `
			SELECT relname::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose%' AND $1::text[] IS NOT NULL`},
	} {
		if offenders := query(t, dsn, c.offenders, tables); len(offenders) > 0 {
			t.Errorf("%s; not so for %v", c.rule, offenders)
		}
	}
	undeclared := query(t, dsn, `SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relname = ANY($1::text[]) AND obj_description(c.oid, 'pg_class') = 'tenancy: tenant' AND a.attname ~ '(hash|secret|token|password|totp|recovery|private|credential)'
			AND coalesce(col_description(c.oid, a.attnum::int), '') NOT IN ('secrecy: secret', 'secrecy: none')`, tables)
	if len(undeclared) > 0 {
		t.Errorf("columns that sound secret and say neither that they are nor that they are not: %v", undeclared)
	}
	if texts := query(t, dsn, `SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relname = ANY($1::text[]) AND a.atttypid = 'json'::regtype`, tables); len(texts) > 0 {
		t.Errorf("use jsonb, whose text is one line and canonical, instead of json: %v", texts)
	}
	powers := query(t, dsn, `SELECT rolname::text FROM pg_roles WHERE rolname IN ('cell_app', 'cell_relay', 'cell_mover')
		AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolname <> 'cell_mover' AND (rolbypassrls OR rolreplication))`)
	if len(powers) > 0 {
		t.Errorf("roles with powers they must not have: %v", powers)
	}
}
