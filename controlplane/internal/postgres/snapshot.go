package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// snapshotTenants is read column by column from the wire, in binary: scanning a
// million rows into typed variables would cost as much again.
const snapshotTenants = `
SELECT tenant_id, slug, cell_id, state, epoch, plan, version, CASE WHEN domains = '{}' THEN NULL ELSE array_to_string(domains, ' ') END, edge::text
FROM tenants WHERE state NOT IN ('provisioning', 'deleted')`

// WriteSnapshot streams the directory as of one version to w.
func (s DirectoryStore) WriteSnapshot(ctx context.Context, w io.Writer) error {
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return outage(pg.InTx(ctx, s.pool, opts, func(tx pgx.Tx) error {
		var version uint64
		if err := tx.QueryRow(ctx, `SELECT version FROM directory_counter`).Scan(&version); err != nil {
			return err
		}
		out := directory.NewSnapshotWriter(w)
		rows, err := tx.Query(ctx, selectCells+`ORDER BY c.cell_id`)
		if err != nil {
			return err
		}
		cells, err := pgx.CollectRows(rows, scanCell)
		if err != nil {
			return err
		}
		for i := range cells {
			if err := out.Cell(cells[i].Entry()); err != nil {
				return err
			}
		}
		if err := copyTenants(ctx, tx.Conn().PgConn(), out); err != nil {
			return err
		}
		return out.Close(version)
	}))
}

func copyTenants(ctx context.Context, conn *pgconn.PgConn, out *directory.SnapshotWriter) error {
	binaryFormat := []int16{pgx.BinaryFormatCode}
	rows := conn.ExecParams(ctx, snapshotTenants, nil, nil, nil, binaryFormat)
	names := interned{}
	var a directory.Assignment
	for rows.NextRow() {
		v := rows.Values()
		if len(v) != 9 || len(v[0]) != 16 || len(v[4]) != 8 || len(v[6]) != 8 {
			_, err := rows.Close()
			return fmt.Errorf("snapshot: unexpected row layout (%w)", err)
		}
		a = directory.Assignment{
			TenantID: tenancy.ID(v[0]), Slug: tenancy.Slug(v[1]), Cell: names.get(v[2]), State: directory.State(names.get(v[3])),
			Epoch: binary.BigEndian.Uint64(v[4]), Plan: names.get(v[5]), Version: binary.BigEndian.Uint64(v[6]),
		}
		if v[7] != nil {
			a.Domains = domainsOf(strings.Fields(string(v[7])))
		}
		var err error
		if a.Edge, err = readEdge(v[8]); err == nil {
			err = out.Tenant(&a)
		}
		if err != nil {
			_, _ = rows.Close() // the first error tells more
			return err
		}
	}
	_, err := rows.Close()
	return err
}

// interned keeps one copy of each of a few names.
type interned map[string]string

func (m interned) get(raw []byte) string {
	if s, ok := m[string(raw)]; ok {
		return s
	}
	s := string(raw)
	m[s] = s
	return s
}
