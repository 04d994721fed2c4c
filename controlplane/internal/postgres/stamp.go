package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/tenancy"
)

// channel is where commits of directory changes are announced.
const channel = "directory_changes"

const (
	announce = `SELECT pg_notify('` + channel + `', '')`

	takeVersions = `UPDATE directory_counter SET version = version + $1 RETURNING version`

	stampTenantsSQL = `
WITH stamped AS (
  UPDATE tenants t SET version = $3 + c.ord
  FROM unnest($1::uuid[]) WITH ORDINALITY AS c (tenant_id, ord)
  WHERE t.tenant_id = c.tenant_id
  RETURNING t.*)
INSERT INTO directory_changes (version, at, tenant_id, slug, domains, epoch, plan, cell_id, region, state, edge)
SELECT s.version, $2, s.tenant_id, s.slug, s.domains, s.epoch, s.plan, s.cell_id, c.region, s.state, s.edge
FROM stamped s JOIN cells c USING (cell_id)`

	stampCellSQL = `
WITH stamped AS (UPDATE cells SET version = $3::bigint + 1 WHERE cell_id = $1 RETURNING *)
INSERT INTO directory_changes (version, at, cell_id, region, state, endpoint)
SELECT version, $2, cell_id, region, state, endpoint FROM stamped`
)

var errStamp = errors.New("a change of the directory was not logged")

// stampTenants gives the tenants, which the transaction has changed, their new
// versions in the given order, logs the changes, and returns the first version.
// Nothing may follow it but the commit.
func (db *DB) stampTenants(ctx context.Context, tx pgx.Tx, ids ...tenancy.ID) (first uint64, err error) {
	return db.stamp(ctx, tx, len(ids), stampTenantsSQL, uuids(ids))
}

// stampCell does the same for one cell.
func (db *DB) stampCell(ctx context.Context, tx pgx.Tx, id string) (version uint64, err error) {
	return db.stamp(ctx, tx, 1, stampCellSQL, id)
}

func (db *DB) stamp(ctx context.Context, tx pgx.Tx, n int, sql string, what any) (uint64, error) {
	var last int64
	b := &pgx.Batch{}
	queueVersions(b, n, &last)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return 0, fmt.Errorf("take versions: %w", err)
	}
	return db.log(ctx, tx, n, last, sql, what)
}

// queueVersions announces a change and takes n versions, of which last will be
// the last one. It may be the end of a pipeline that makes the change.
func queueVersions(b *pgx.Batch, n int, last *int64) {
	b.Queue(announce)
	b.Queue(takeVersions, n).QueryRow(func(r pgx.Row) error { return r.Scan(last) })
}

// log gives what has changed its versions, and logs it.
func (db *DB) log(ctx context.Context, tx pgx.Tx, n int, last int64, sql string, what any) (uint64, error) {
	base := last - int64(n)
	tag, err := tx.Exec(ctx, sql, what, db.now(), base)
	if err != nil {
		return 0, fmt.Errorf("log changes: %w", err)
	}
	if tag.RowsAffected() != int64(n) {
		return 0, fmt.Errorf("%w: %d of %d", errStamp, tag.RowsAffected(), n)
	}
	return uint64(base) + 1, nil
}

// uuids is how pgx takes an array of ids.
func uuids(ids []tenancy.ID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
