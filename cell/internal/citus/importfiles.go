package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// ReportFiles records how many of an import's files are here; that they all are,
// only once the tenant lives here.
func (m *Mover) ReportFiles(ctx context.Context, t cell.Transfer, p cell.FileProgress) error {
	return m.changeImport(ctx, t, `files = $3, files_here = $4, file_bytes = $5, bytes_here = $6, files_complete = files_complete OR ($7 AND state = 'activated')`,
		`state IN ('copying', 'catching_up', 'ready', 'activated')`, p.Files, p.Here, p.Bytes, p.BytesHere, p.Complete)
}

// UnfetchedFiles finds the import by which a tenant came that may still have
// files in its source.
func (m *Mover) UnfetchedFiles(ctx context.Context, id tenancy.ID) (i cell.Import, found bool, err error) {
	rows, err := m.pool.Query(ctx, `SELECT `+importColumns+` FROM imports WHERE tenant_id = $1 AND state = 'activated' AND NOT files_complete`, id.String())
	if err != nil {
		return i, false, translate(err, nil)
	}
	var imports []cell.Import
	if err := collect(&imports, scanImport)(rows); err != nil || len(imports) == 0 {
		return i, false, translate(err, nil)
	}
	return imports[len(imports)-1], true, nil
}

// letImportStop waits a moment for whoever does the import to notice that it was
// ended: what that one writes to object storage no transaction holds back. One
// that hangs is not waited for.
func (m *Mover) letImportStop(ctx context.Context, t cell.Transfer) error {
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`SET LOCAL lock_timeout = '2s'`)
		b.Queue(`SELECT pg_advisory_xact_lock($1)`, lockOf(t.Migration, 'i'))
		return tx.SendBatch(ctx, b).Close()
	})
	if hasCode(err, lockNotAvailable) {
		return nil
	}
	return err
}
