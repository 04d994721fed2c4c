package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/pg"
)

// Facts returns what the cell is as a party of migrations.
func (m *Mover) Facts(ctx context.Context) (cell.TransferFacts, error) {
	var f cell.TransferFacts
	b := &pgx.Batch{}
	b.Queue(`SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).QueryRow(into(&f.SchemaVersion, scanOne[int64]))
	b.Queue(`SELECT count(*) FROM exports WHERE state <> 'failed' AND NOT reverse`).QueryRow(into(&f.ExportsOpen, scanOne[int]))
	b.Queue(`SELECT count(*) FROM imports WHERE state NOT IN ('failed', 'activated')`).QueryRow(into(&f.ImportsOpen, scanOne[int]))
	if err := m.pool.SendBatch(ctx, b).Close(); err != nil {
		return f, translate(err, nil)
	}
	var err error
	if f.Citus, err = pg.HasCitus(ctx, m.pool); err != nil || !f.Citus {
		return f, translate(err, nil)
	}
	const rebalancing = `SELECT EXISTS (SELECT FROM get_rebalance_progress()) OR EXISTS (SELECT FROM pg_dist_background_job WHERE state IN ('scheduled', 'running', 'cancelling'))`
	return f, translate(m.pool.QueryRow(ctx, rebalancing).Scan(&f.Rebalancing), nil)
}
