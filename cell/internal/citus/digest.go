package citus

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// canonical makes the text of equal rows equal on every server.
var canonical = []string{
	`SET LOCAL TimeZone = 'UTC'`, `SET LOCAL bytea_output = 'hex'`, `SET LOCAL extra_float_digits = 1`, `SET LOCAL IntervalStyle = 'iso_8601'`, `SET LOCAL DateStyle = 'ISO, YMD'`,
}

// canonicalRows is the query for a section's rows of the tenant $1: one JSON
// object each, in the order of the primary key, whatever the server's collation.
func (s shape) canonicalRows(section cell.Section) string {
	order := make([]string, len(s.key))
	for i, name := range s.key {
		order[i] = "t." + quote(name)
		if c, _ := s.column(name); c.kind == "text" || strings.HasPrefix(c.kind, "character") {
			order[i] += ` COLLATE "C"`
		}
	}
	columns := make([]string, len(section.Columns))
	for i, name := range section.Columns {
		columns[i] = "t." + quote(name)
	}
	return `SELECT (SELECT row_to_json(r)::text FROM (SELECT ` + strings.Join(columns, ", ") + `) r)
		FROM ` + quote(s.table) + ` t WHERE t.tenant_id = $1 ORDER BY ` + strings.Join(order, ", ")
}

// eachRow hands the text of every row of a section to the function, which must
// not keep it. The transaction's settings are the canonical ones. Memory does
// not grow with the number of rows.
func (s shape) eachRow(ctx context.Context, tx pgx.Tx, tenant tenancy.ID, section cell.Section, each func(row []byte) error) error {
	rows, err := tx.Query(ctx, s.canonicalRows(section), tenant.String())
	if err != nil {
		return fmt.Errorf("table %s: %w", s.table, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.RawValues()[0]); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("table %s: %w", s.table, err)
	}
	return nil
}

// digest identifies the rows of a section in the transaction's snapshot.
func (s shape) digest(ctx context.Context, tx pgx.Tx, tenant tenancy.ID, section cell.Section) (cell.Digest, error) {
	var d cell.Digester
	err := s.eachRow(ctx, tx, tenant, section, func(row []byte) error {
		d.Add(row)
		return nil
	})
	return d.Digest(), err
}

// shapeOf returns the named one of a tenant's tables.
func shapeOf(shapes []shape, table string) (shape, error) {
	for _, s := range shapes {
		if s.table == table {
			return s, nil
		}
	}
	return shape{}, fmt.Errorf("no table %q with tenants' rows is here", table)
}
