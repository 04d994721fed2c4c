package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Inventory lists what the cell holds, in the order of ids, after the given
// one (zero: from the start). It returns up to limit lines.
func (m *Mover) Inventory(ctx context.Context, after tenancy.ID, limit int) ([]cell.Residence, error) {
	rows, err := m.pool.Query(ctx, `
		SELECT t.tenant_id, t.state, t.epoch, coalesce(t.moved_to, ''), coalesce(t.moved_epoch, 0), t.slug, coalesce(o.plan, ''), coalesce(o.held, false), coalesce(o.name, '')
		FROM tenants t LEFT JOIN organizations o ON o.tenant_id = t.tenant_id
		WHERE t.tenant_id > $1 ORDER BY t.tenant_id LIMIT $2`, after.String(), limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	lines, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (cell.Residence, error) {
		var line cell.Residence
		var id uuid.UUID
		err := r.Scan(&id, &line.State, &line.Epoch, &line.MovedTo, &line.MovedEpoch, &line.Slug, &line.Plan, &line.Held, &line.Organization)
		line.TenantID = tenancy.ID(id)
		return line, err
	})
	return lines, translate(err, nil)
}

// MeasureLoad counts tenants and waiting jobs.
func (m *Mover) MeasureLoad(ctx context.Context) (cell.Load, error) {
	var load cell.Load
	err := m.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM tenants WHERE state <> 'departed'),
		(SELECT count(*) FROM jobs WHERE state = 'pending') + (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running'))`).
		Scan(&load.Tenants, &load.QueueDepth)
	return load, translate(err, nil)
}
