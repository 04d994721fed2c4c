package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/cell"
)

// removals delete up to $3 rows of the tenant $1 from before $2. Of usage the
// newest row of an epoch stays, whatever its age: the next one is numbered after
// it, and numbers are never given twice.
var removals = map[cell.Aged]string{
	cell.AgedDeliveries: `DELETE FROM webhook_deliveries WHERE tenant_id = $1 AND (endpoint_id, event_id) IN (
		SELECT endpoint_id, event_id FROM webhook_deliveries WHERE tenant_id = $1 AND state <> 'pending' AND updated_at < $2 LIMIT $3)`,
	cell.AgedJobs: `DELETE FROM jobs WHERE tenant_id = $1 AND job_id IN (
		SELECT job_id FROM jobs WHERE tenant_id = $1 AND state IN ('done', 'dead', 'cancelled') AND updated_at < $2 LIMIT $3)`,
	cell.AgedUsage: `DELETE FROM usage WHERE tenant_id = $1 AND (epoch, sequence) IN (
		SELECT old.epoch, old.sequence FROM usage old WHERE old.tenant_id = $1 AND old.day < ($2::timestamptz AT TIME ZONE 'UTC')::date
		AND old.sequence < (SELECT max(newest.sequence) FROM usage newest WHERE newest.tenant_id = $1 AND newest.epoch = old.epoch) LIMIT $3)`,
	cell.AgedSessions: `DELETE FROM sessions WHERE tenant_id = $1 AND session_id IN (
		SELECT session_id FROM sessions WHERE tenant_id = $1 AND expires_at < $2 AND ended_at IS NULL LIMIT $3)`,
	cell.AgedEnds: `DELETE FROM sessions WHERE tenant_id = $1 AND session_id IN (
		SELECT session_id FROM sessions WHERE tenant_id = $1 AND ended_at < $2 LIMIT $3)`,
	cell.AgedInvitations: `DELETE FROM invitations WHERE tenant_id = $1 AND invitation_id IN (
		SELECT invitation_id FROM invitations WHERE tenant_id = $1 AND expires_at < $2 LIMIT $3)`,
}

// RemoveAged removes up to limit rows of the job's tenant and returns how many
// there were.
func (s *Store) RemoveAged(ctx context.Context, ref cell.JobRef, age cell.Age, limit int) (int, error) {
	var removed int
	err := s.write(ctx, systemCall(ref), nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(removals[age.What], w.tenant(), age.Before, limit).Exec(func(tag pgconn.CommandTag) error {
			removed = int(tag.RowsAffected())
			return nil
		})
	})
	return removed, err
}

// GetTenant returns the organization of the job's tenant.
func (s *Store) GetTenant(ctx context.Context, ref cell.JobRef) (cell.Organization, error) {
	return s.GetOrganization(ctx, systemCall(ref))
}

// MadeFiles returns what is known of files that the jobs left or are making.
// Jobs that are not there are left out.
func (s *Store) MadeFiles(ctx context.Context, ref cell.JobRef, jobs []uuid.UUID) ([]cell.Job, error) {
	ids := make([]string, len(jobs))
	for i, id := range jobs {
		ids[i] = id.String()
	}
	var found []cell.Job
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(`SELECT `+jobColumns+` FROM jobs WHERE tenant_id = $1 AND job_id = ANY($2::text[]::uuid[])`, w.tenant(), ids).
			Query(func(rows pgx.Rows) error { return eachJob(rows, func(job cell.Job) { found = append(found, job) }) })
	})
	return found, err
}
