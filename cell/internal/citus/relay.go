package citus

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

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

// Watch shows how busy the relay's connections are.
func (r *Relay) Watch(registry prometheus.Registerer) { pg.Watch(registry, "relay", r.pool) }

// CheckSchema returns ErrSchema if `cell schema up` has to be run first.
func (r *Relay) CheckSchema(ctx context.Context) error { return checkSchema(ctx, r.pool) }

// DueQueues returns up to limit queues with a pending job whose time has come,
// in their order after the given one, and whether there may be more. A queue
// is one lane of one tenant. It reads the index from where it left off and
// steps over a queue with many jobs at once, so that its cost does not depend
// on how many there are.
func (r *Relay) DueQueues(ctx context.Context, after cell.JobQueue, limit int) (queues []cell.JobQueue, more bool, err error) {
	rows, err := r.pool.Query(ctx, `
		SELECT tenant_id, priority FROM jobs WHERE state = 'pending' AND run_at <= now() AND (tenant_id, priority) > ($1, $2)
		ORDER BY tenant_id, priority LIMIT $3`, after.TenantID.String(), int16(after.Priority), limit)
	if err != nil {
		return nil, false, translate(err, nil)
	}
	read := 0
	var tenant uuid.UUID
	var q cell.JobQueue
	_, err = pgx.ForEachRow(rows, []any{&tenant, &q.Priority}, func() error {
		q.TenantID = tenancy.ID(tenant)
		if read++; len(queues) == 0 || queues[len(queues)-1] != q {
			queues = append(queues, q)
		}
		return nil
	})
	return queues, read == limit, translate(err, nil)
}

// shareSQL counts what is out of one queue and takes what its window leaves, of
// a tenant that may be served; of one that is held, without its own work. Which of
// the two it is, is known before a job is read: each way has an index with the jobs
// that it takes, so those that wait are not stepped over in every round.
var shareSQL = `
	WITH out AS MATERIALIZED (
		SELECT count(*) AS n FROM jobs WHERE tenant_id = $1 AND priority = $2 AND state IN ('queued', 'running')),
	served AS MATERIALIZED (
		SELECT o.held FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id JOIN organizations o ON o.tenant_id = t.tenant_id
		WHERE t.tenant_id = $1 AND t.state = 'live' AND g.open)
	SELECT out.n, due.job_id, due.attempts, coalesce(due.trace, '') FROM out LEFT JOIN LATERAL (
		(SELECT job_id, attempts, trace FROM jobs WHERE tenant_id = $1 AND priority = $2 AND state = 'pending' AND run_at <= now()
			AND (SELECT NOT held FROM served) ORDER BY run_at LIMIT greatest($3 - out.n, 0))
		UNION ALL
		(SELECT job_id, attempts, trace FROM jobs WHERE tenant_id = $1 AND priority = $2 AND state = 'pending' AND run_at <= now()
			AND (SELECT held FROM served) AND kind NOT IN (` + quotedKinds(cell.HeldKinds()) + `) ORDER BY run_at LIMIT greatest($3 - out.n, 0))
	) AS due ON true`

// quotedKinds writes kinds as SQL, as the index has them: it is used for no other.
func quotedKinds(kinds []cell.JobKind) string {
	quoted := make([]string, len(kinds))
	for i, kind := range kinds {
		quoted[i] = "'" + string(kind) + "'"
	}
	return strings.Join(quoted, ", ")
}

// DueJobs returns for each queue how many of its jobs are out, at the broker or
// with a worker, and the longest due of its jobs: as many as its window, the
// most that may be out at once, leaves room for. All travel in one pipeline,
// and each statement stays on one node under Citus.
func (r *Relay) DueJobs(ctx context.Context, queues []cell.JobQueue, windows []int) ([]cell.JobShare, error) {
	shares := make([]cell.JobShare, len(queues))
	b := &pgx.Batch{}
	for i, q := range queues {
		share := &shares[i]
		b.Queue(shareSQL, q.TenantID.String(), int16(q.Priority), windows[i]).Query(func(rows pgx.Rows) error {
			var id *uuid.UUID
			var attempts *int
			var trace string
			_, err := pgx.ForEachRow(rows, []any{&share.Out, &id, &attempts, &trace}, func() error {
				if id != nil {
					share.Due = append(share.Due, cell.JobRef{TenantID: q.TenantID, JobID: *id, Attempt: *attempts, Priority: q.Priority, Trace: trace})
				}
				return nil
			})
			return err
		})
	}
	err := r.pool.SendBatch(ctx, b).Close()
	return shares, translate(err, nil)
}

// LostJobs returns up to limit jobs that were handed out longer ago than the
// given times and not heard of since: the broker or the worker lost them, or
// is very slow, which does no harm (see [Store.ClaimJobs]).
func (r *Relay) LostJobs(ctx context.Context, queued, running time.Duration, limit int) ([]cell.JobRef, error) {
	rows, err := r.pool.Query(ctx, `
		SELECT j.tenant_id, j.job_id, j.attempts, j.priority FROM jobs j
		JOIN tenants t ON t.tenant_id = j.tenant_id JOIN tenant_gate g ON g.tenant_id = j.tenant_id
		WHERE (j.state = 'queued' AND j.updated_at < now() - $1::interval OR j.state = 'running' AND j.updated_at < now() - $2::interval)
			AND t.state = 'live' AND g.open ORDER BY j.updated_at LIMIT $3`, queued, running, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	refs, err := pgx.CollectRows(rows, scanRef)
	return refs, translate(err, nil)
}

// MarkQueued records that the broker has confirmed the jobs: pending → queued,
// except those that a worker has begun meanwhile.
func (r *Relay) MarkQueued(ctx context.Context, refs []cell.JobRef) error {
	return r.mark(ctx, refs, `'queued'`, `'pending'`)
}

// Reset makes lost jobs due again: queued or running → pending, or cancelled
// if somebody asked for that.
func (r *Relay) Reset(ctx context.Context, refs []cell.JobRef) error {
	return r.mark(ctx, refs, `CASE WHEN cancel_requested THEN 'cancelled' ELSE 'pending' END`, `'queued', 'running'`)
}

// mark changes jobs behind the fence of each one's tenant: what is frozen stays
// as it is. A job that a worker is just claiming is left to it, so the two never
// wait for each other. A statement a tenant keeps each on one node under Citus;
// all travel in one pipeline.
func (r *Relay) mark(ctx context.Context, refs []cell.JobRef, to, from string) error {
	statement := liveFence + `
		UPDATE jobs SET state = ` + to + `, updated_at = now()
		WHERE tenant_id = $1 AND ` + isLive + ` AND job_id IN (
			SELECT job_id FROM jobs WHERE tenant_id = $1 AND job_id = ANY($2::text[]::uuid[]) AND attempts = $3 AND state IN (` + from + `)
			FOR UPDATE SKIP LOCKED)`
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	b.Queue(customPlans)
	for _, group := range byTenant(refs, func(ref cell.JobRef) cell.JobRef { return ref }) {
		for attempt, ids := range byAttempt(group) {
			b.Queue(statement, group[0].TenantID.String(), ids, attempt)
		}
	}
	b.Queue(`COMMIT`)
	return translate(r.pool.SendBatch(ctx, b).Close(), nil)
}
