package citus

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// JobsChannel is notified when a job may have become due.
const JobsChannel = "cell_jobs"

const notifyJobs = `SELECT pg_notify('` + JobsChannel + `', '')`

const jobColumns = `job_id, kind, payload::text, priority, state, attempts, max_attempts, run_at, progress, progress_text,
	cancel_requested, result::text, last_error, created_at, updated_at`

const insertJobSQL = `INSERT INTO jobs (tenant_id, job_id, kind, payload, priority, state, max_attempts, run_at, trace)
	VALUES ($1, $2, $3, $4::text::jsonb, $5, 'pending', $6, coalesce($7::timestamptz, now()), $8)`

const selectJob = `SELECT ` + jobColumns + ` FROM jobs WHERE tenant_id = $1 AND job_id = $2`

// enqueue adds a job to what the transaction does: it exists if and only if
// what caused it does. It goes on with the trace of the call, if that has one.
func (w *work) enqueue(job cell.NewJob) {
	id, payload, attempts := job.ID, string(job.Payload), job.MaxAttempts
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	if payload == "" {
		payload = "{}"
	}
	if attempts == 0 {
		attempts = cell.DefaultMaxAttempts
	}
	var runAt any // null: now
	if !job.RunAt.IsZero() {
		runAt = job.RunAt
	}
	w.Queue(insertJobSQL, w.tenant(), id.String(), string(job.Kind), payload, int16(job.Priority), attempts, runAt, w.trace)
	w.Queue(notifyJobs)
}

// ListJobs returns jobs, newest first.
func (s *Store) ListJobs(ctx context.Context, call *cell.Call, filter cell.JobFilter, page cell.PageRequest) ([]cell.Job, error) {
	return list(ctx, s, call, selectJobs(filter), page, scanJob)
}

func selectJobs(filter cell.JobFilter) selection {
	q := rowsOf(jobColumns, `jobs`, `tenant_id`, `job_id`)
	q.newest = true
	if filter.State != "" {
		q.and(`state = `, string(filter.State))
	}
	if filter.Kind != "" {
		q.and(`kind = `, string(filter.Kind))
	}
	return q
}

// GetJob returns one job.
func (s *Store) GetJob(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Job, error) {
	var j cell.Job
	err := s.read(ctx, call, func(w *work) {
		w.Queue(selectJob, w.tenant(), id.String()).QueryRow(into(&j, scanJob))
	})
	return j, err
}

// EnqueueJob adds a job and returns it. Its ID must be set.
func (s *Store) EnqueueJob(ctx context.Context, call *cell.Call, job cell.NewJob, entry cell.AuditEntry) (cell.Job, error) {
	return s.enqueueIf(ctx, call, job, entry, func(*work) {})
}

// EnqueueSole is EnqueueJob, but refuses if the tenant has a job of its kind that
// is not over.
func (s *Store) EnqueueSole(ctx context.Context, call *cell.Call, job cell.NewJob, entry cell.AuditEntry) (cell.Job, error) {
	return s.enqueueIf(ctx, call, job, entry, func(w *work) {
		w.Queue(`SELECT count(*) FROM jobs WHERE tenant_id = $1 AND kind = $2 AND state IN ('pending', 'queued', 'running')`, w.tenant(), string(job.Kind)).
			QueryRow(func(r pgx.Row) error {
				var n int
				err := r.Scan(&n)
				if err == nil && n > 0 {
					err = fault.New(fault.Conflict, "one is being made already; see GET /v1/jobs?kind=%s", job.Kind)
				}
				return err
			})
	})
}

// enqueueIf adds a job unless what comes before it fails.
func (s *Store) enqueueIf(ctx context.Context, call *cell.Call, job cell.NewJob, entry cell.AuditEntry, before func(*work)) (cell.Job, error) {
	var j cell.Job
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		before(w)
		w.enqueue(job)
		w.Queue(selectJob, w.tenant(), job.ID.String()).QueryRow(into(&j, scanJob))
		w.audit(entry)
	})
	return j, err
}

// CancelJob ends a job that no worker has begun, and asks the worker that has
// begun it to stop. One that has ended by itself is a conflict.
func (s *Store) CancelJob(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry) (cell.Job, error) {
	return s.changeJob(ctx, call, id, entry, `
		UPDATE jobs SET state = CASE WHEN state IN ('pending', 'queued') THEN 'cancelled' ELSE state END, cancel_requested = true, updated_at = now()
		WHERE tenant_id = $1 AND job_id = $2 RETURNING `+jobColumns,
		[]cell.JobState{cell.JobPending, cell.JobQueued, cell.JobRunning, cell.JobCancelled})
}

// ReplayJob makes a dead or cancelled job pending again, with new attempts. Their
// count goes on: a message of before starts nothing.
func (s *Store) ReplayJob(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry) (cell.Job, error) {
	return s.changeJob(ctx, call, id, entry, `
		UPDATE jobs SET state = 'pending', max_attempts = attempts + $3, run_at = now(), progress = 0, progress_text = '',
			cancel_requested = false, updated_at = now()
		WHERE tenant_id = $1 AND job_id = $2 RETURNING `+jobColumns,
		[]cell.JobState{cell.JobDead, cell.JobCancelled}, cell.DefaultMaxAttempts)
}

// changeJob changes a job that is in one of the states.
func (s *Store) changeJob(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry, statement string, from []cell.JobState, more ...any) (cell.Job, error) {
	var j cell.Job
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(selectJob+` FOR UPDATE`, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
			held, err := scanJob(r)
			if err == nil && !slices.Contains(from, held.State) {
				err = fault.New(fault.Conflict, "the job is %s", held.State)
			}
			return err
		})
		w.Queue(statement, append([]any{w.tenant(), id.String()}, more...)...).QueryRow(into(&j, scanJob))
		w.Queue(notifyJobs)
		w.audit(entry)
	})
	return j, err
}

func scanJob(r row) (cell.Job, error) {
	var j cell.Job
	var payload string
	var result *string
	err := r.Scan(&j.ID, &j.Kind, &payload, &j.Priority, &j.State, &j.Attempts, &j.MaxAttempts, &j.RunAt, &j.Progress, &j.ProgressText,
		&j.CancelRequested, &result, &j.LastError, &j.CreatedAt, &j.UpdatedAt)
	j.Payload = []byte(payload)
	if result != nil {
		j.Result = []byte(*result)
	}
	return j, err
}

func placeholder(n int) string { return "$" + strconv.Itoa(n) }
