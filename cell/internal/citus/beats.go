package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

const beatSQL = liveFence + `
	UPDATE jobs SET progress = $4, progress_text = $5, updated_at = now()
	WHERE tenant_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running' AND ` + isLive

// BeatJobs records that the jobs are still running and how far they are, in one
// round trip. An attempt that is over is left alone.
func (s *Store) BeatJobs(ctx context.Context, beats []cell.JobProgress) error {
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	for _, group := range byTenant(beats, func(p cell.JobProgress) cell.JobRef { return p.Ref }) {
		w := join(systemCall(group[0].Ref))
		for _, p := range group {
			w.Queue(beatSQL, w.tenant(), p.Ref.JobID.String(), p.Ref.Attempt, int16(p.Percent), p.Text)
		}
		b.QueuedQueries = append(b.QueuedQueries, w.QueuedQueries...)
	}
	b.Queue(`COMMIT`)
	return translate(s.send(ctx, b), nil)
}

// CancelledJobs returns the running jobs whose workers are to stop.
func (r *Relay) CancelledJobs(ctx context.Context) ([]cell.JobRef, error) {
	rows, err := r.pool.Query(ctx, `SELECT tenant_id, job_id, attempts, priority FROM jobs WHERE state = 'running' AND cancel_requested`)
	if err != nil {
		return nil, translate(err, nil)
	}
	refs, err := pgx.CollectRows(rows, scanRef)
	return refs, translate(err, nil)
}

func scanRef(row pgx.CollectableRow) (cell.JobRef, error) {
	var ref cell.JobRef
	var tenant uuid.UUID
	err := row.Scan(&tenant, &ref.JobID, &ref.Attempt, &ref.Priority)
	ref.TenantID = tenancy.ID(tenant)
	return ref, err
}
