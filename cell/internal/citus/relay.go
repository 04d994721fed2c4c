package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// Relay is the door for moving jobs between their rows and the broker. It is
// safe for concurrent use.
type Relay struct{ pool *pgxpool.Pool }

// OpenRelay returns a relay on dsn, which names the role cell_relay and leads
// to Postgres directly: it listens and holds a session lock. It does not
// connect yet.
func OpenRelay(ctx context.Context, dsn string) (*Relay, error) {
	const maxConns = 4 // the leader's session, its statements, the readiness check
	pool, err := pg.Open(ctx, dsn, pg.PoolOptions{MaxConns: maxConns})
	if err != nil {
		return nil, err
	}
	return &Relay{pool: pool}, nil
}

// Close closes every connection.
func (r *Relay) Close() { r.pool.Close() }

// CheckSchema returns ErrSchema if `cell schema up` has to be run first.
func (r *Relay) CheckSchema(ctx context.Context) error { return checkSchema(ctx, r.pool) }

// DueJobs returns up to limit pending jobs whose time has come, of tenants
// that may be served, the longest due first.
func (r *Relay) DueJobs(ctx context.Context, limit int) ([]cell.JobRef, error) {
	return r.refs(ctx, `
		SELECT j.tenant_id, j.job_id, j.attempts FROM jobs j
		JOIN tenants t ON t.tenant_id = j.tenant_id JOIN tenant_gate g ON g.tenant_id = j.tenant_id
		WHERE j.state = 'pending' AND j.run_at <= now() AND t.state = 'live' AND g.open ORDER BY j.run_at LIMIT $1`, limit)
}

// LostJobs returns up to limit jobs that were handed out longer ago than the
// given times and not heard of since: the broker or the worker lost them, or
// is very slow, which does no harm (see [Store.ClaimJob]).
func (r *Relay) LostJobs(ctx context.Context, queued, running time.Duration, limit int) ([]cell.JobRef, error) {
	return r.refs(ctx, `
		SELECT j.tenant_id, j.job_id, j.attempts FROM jobs j
		JOIN tenants t ON t.tenant_id = j.tenant_id JOIN tenant_gate g ON g.tenant_id = j.tenant_id
		WHERE (j.state = 'queued' AND j.updated_at < now() - $1::interval OR j.state = 'running' AND j.updated_at < now() - $2::interval)
			AND t.state = 'live' AND g.open ORDER BY j.updated_at LIMIT $3`, queued, running, limit)
}

// MarkQueued records that the broker has confirmed the jobs: pending → queued,
// except those that a worker has begun meanwhile.
func (r *Relay) MarkQueued(ctx context.Context, refs []cell.JobRef) error {
	return r.mark(ctx, refs, `state = 'queued'`, `j.state = 'pending'`)
}

// Reset makes lost jobs due again: queued or running → pending.
func (r *Relay) Reset(ctx context.Context, refs []cell.JobRef) error {
	return r.mark(ctx, refs, `state = 'pending'`, `j.state IN ('queued', 'running')`)
}

// mark changes jobs behind the fence of each one's tenant: what is frozen stays
// as it is. One statement a job keeps each on one node under Citus; all travel
// in one pipeline.
func (r *Relay) mark(ctx context.Context, refs []cell.JobRef, set, from string) error {
	statement := `
		WITH fence AS MATERIALIZED (
			SELECT t.state FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id
			WHERE t.tenant_id = $1 AND g.open FOR SHARE OF t)
		UPDATE jobs j SET ` + set + `, updated_at = now()
		WHERE j.tenant_id = $1 AND j.job_id = $2 AND j.attempts = $3 AND ` + from + `
			AND EXISTS (SELECT FROM fence WHERE fence.state = 'live')`
	b := &pgx.Batch{}
	for _, ref := range refs {
		b.Queue(statement, ref.TenantID.String(), ref.JobID.String(), ref.Attempt)
	}
	return translate(r.pool.SendBatch(ctx, b).Close(), nil)
}

func (r *Relay) refs(ctx context.Context, query string, args ...any) ([]cell.JobRef, error) {
	rows, err := r.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, translate(err, nil)
	}
	refs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (cell.JobRef, error) {
		var ref cell.JobRef
		var tenant uuid.UUID
		err := row.Scan(&tenant, &ref.JobID, &ref.Attempt)
		ref.TenantID = tenancy.ID(tenant)
		return ref, err
	})
	return refs, translate(err, nil)
}
