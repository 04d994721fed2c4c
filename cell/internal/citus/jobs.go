package citus

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

const jobColumns = `job_id, kind, payload::text, state, attempts, max_attempts, run_at, last_error, created_at, updated_at`

// ListJobs returns jobs, newest first.
func (s *Store) ListJobs(ctx context.Context, call *cell.Call, state cell.JobState, page cell.PageRequest) ([]cell.Job, error) {
	query := `SELECT ` + jobColumns + ` FROM jobs WHERE tenant_id = $1 AND job_id < $2`
	args := []any{call.Tenant.String(), before(page.After), page.Limit + 1}
	if state != "" {
		args = append(args, string(state))
		query += ` AND state = ` + placeholder(len(args))
	}
	var jobs []cell.Job
	err := s.read(ctx, call, func(w *work) {
		w.Queue(query+` ORDER BY job_id DESC LIMIT $3`, args...).Query(collect(&jobs, scanJob))
	})
	return jobs, err
}

// ClaimJob begins an attempt at a job: pending or queued → running. It reports
// false if there is nothing to begin: the job is done, another worker has it,
// or the message is older than the row.
func (s *Store) ClaimJob(ctx context.Context, ref cell.JobRef) (cell.Job, bool, error) {
	job, claimed := cell.Job{}, true
	err := s.write(ctx, systemCall(ref), nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE jobs SET state = 'running', attempts = attempts + 1, updated_at = now()
			WHERE tenant_id = $1 AND job_id = $2 AND attempts = $3 AND state IN ('pending', 'queued') RETURNING `+jobColumns,
			w.tenant(), ref.JobID.String(), ref.Attempt).QueryRow(func(r pgx.Row) (err error) {
			if job, err = scanJob(r); errors.Is(err, pgx.ErrNoRows) {
				claimed, err = false, nil
			}
			return err
		})
	})
	return job, claimed && err == nil, err
}

// FinishJob ends the given attempt: running → done. It does nothing if the
// attempt was given up meanwhile.
func (s *Store) FinishJob(ctx context.Context, ref cell.JobRef) error {
	return s.write(ctx, systemCall(ref), nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE jobs SET state = 'done', last_error = '', updated_at = now()
			WHERE tenant_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'`, w.tenant(), ref.JobID.String(), ref.Attempt)
	})
}

// FailJob ends the given attempt: running → pending until retryAt, or dead if
// it was the last. Reason is shown to the tenant.
func (s *Store) FailJob(ctx context.Context, ref cell.JobRef, retryAt time.Time, reason string) error {
	return s.write(ctx, systemCall(ref), nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE jobs SET state = CASE WHEN attempts < max_attempts THEN 'pending' ELSE 'dead' END,
			run_at = $4, last_error = $5, updated_at = now()
			WHERE tenant_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'`,
			w.tenant(), ref.JobID.String(), ref.Attempt, retryAt, reason)
	})
}

func systemCall(ref cell.JobRef) *cell.Call {
	return &cell.Call{Tenant: ref.TenantID, System: true, RequestID: "job:" + ref.JobID.String()}
}

func scanJob(r row) (cell.Job, error) {
	var j cell.Job
	var payload string
	err := r.Scan(&j.ID, &j.Kind, &payload, &j.State, &j.Attempts, &j.MaxAttempts, &j.RunAt, &j.LastError, &j.CreatedAt, &j.UpdatedAt)
	j.Payload = []byte(payload)
	return j, err
}

func placeholder(n int) string { return "$" + strconv.Itoa(n) }

// GetWelcome returns whom to welcome to which organization.
func (s *Store) GetWelcome(ctx context.Context, ref cell.JobRef, userID uuid.UUID) (cell.Organization, cell.User, error) {
	var o cell.Organization
	var u cell.User
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(`SELECT `+organizationColumns+` FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(into(&o, scanOrganization))
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), userID.String()).QueryRow(into(&u, scanUser))
	})
	return o, u, err
}
