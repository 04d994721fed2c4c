package citus

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Many jobs of many tenants share a transaction, so that a job costs a share of
// a round trip. Tenants come in the order of their ids: whoever waits for a
// fence that somebody closes holds only fences before it, so no circle arises.

// liveFence lets a statement through only if the tenant's gate is open and its
// fence live, and holds both until it has committed.
const liveFence = `
	WITH fence AS MATERIALIZED (
		SELECT t.state FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id
		WHERE t.tenant_id = $1 AND g.open FOR SHARE OF t) `

const isLive = ` EXISTS (SELECT FROM fence WHERE fence.state = 'live') `

// customPlans has the rest of a transaction planned for the values at hand. For
// jobs named by an array the plan that Postgres keeps may be to read all jobs of the
// tenant, since tenants usually have few, and to look each one up in the
// array: with a hundred thousand jobs that takes minutes.
const customPlans = `SET LOCAL plan_cache_mode = force_custom_plan`

const claimJobsSQL = liveFence + `
	UPDATE jobs SET state = 'running', attempts = attempts + 1, progress = 0, progress_text = '', updated_at = now()
	WHERE tenant_id = $1 AND job_id = ANY($2::text[]::uuid[]) AND attempts = $3 AND state IN ('pending', 'queued') AND ` + isLive + `
	RETURNING ` + jobColumns

const finishJobSQL = `
	UPDATE jobs SET state = 'done', last_error = '', progress = 100, result = coalesce($4::text::jsonb, result), updated_at = now()
	WHERE tenant_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running'`

const failJobSQL = liveFence + `
	UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' WHEN attempts < max_attempts THEN 'pending' ELSE 'dead' END,
		run_at = $4, last_error = $5, updated_at = now()
	WHERE tenant_id = $1 AND job_id = $2 AND attempts = $3 AND state = 'running' AND ` + isLive

// ClaimJobs begins an attempt at each job that is pending or queued at the
// attempt that its reference names, and whose tenant is live here: → running.
// The others are somebody else's, over, or rest while their tenant does.
func (s *Store) ClaimJobs(ctx context.Context, refs []cell.JobRef) ([]cell.Claimed, error) {
	var claimed []cell.Claimed
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	// A claim that a crash of the database undoes is found by the relay, and its
	// outcome is not recorded: there is no need to wait for the disk.
	b.Queue(`SET LOCAL synchronous_commit = off`)
	b.Queue(customPlans)
	for _, group := range byTenant(refs, func(r cell.JobRef) cell.JobRef { return r }) {
		w := join(systemCall(group[0]))
		for attempt, ids := range byAttempt(group) {
			w.Queue(claimJobsSQL, w.tenant(), ids, attempt).Query(func(rows pgx.Rows) error {
				return eachJob(rows, func(job cell.Job) {
					ref := cell.JobRef{TenantID: group[0].TenantID, JobID: job.ID, Attempt: job.Attempts, Priority: job.Priority}
					claimed = append(claimed, cell.Claimed{Ref: ref, Job: job})
				})
			})
		}
		b.QueuedQueries = append(b.QueuedQueries, w.QueuedQueries...)
	}
	b.Queue(`COMMIT`)
	if err := s.send(ctx, b); err != nil {
		return nil, translate(err, nil)
	}
	return claimed, nil
}

// FinishJobs ends the attempts that the references name, running → done, and
// applies what the jobs change, all in one transaction behind each one's fence:
// two round trips. An error is the whole transaction's; of a single job
// [cell.ErrAttemptOver] says that somebody else has it by now.
func (s *Store) FinishJobs(ctx context.Context, jobs []cell.Finished) error {
	if len(jobs) == 0 {
		return nil
	}
	var parts []*work
	for _, group := range byTenant(jobs, func(f cell.Finished) cell.JobRef { return f.Ref }) {
		w := join(systemCall(group[0].Ref))
		w.changes = changesUnseen
		w.fence(toWrite, w.admitWrite)
		for _, job := range group {
			w.finish(job)
		}
		parts = append(parts, w)
	}
	return s.together(ctx, parts)
}

// together commits what one or several tenants' parts do, in one transaction.
func (s *Store) together(ctx context.Context, parts []*work) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return translate(err, nil)
	}
	defer conn.Release()
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	for _, w := range parts {
		b.QueuedQueries = append(b.QueuedQueries, w.QueuedQueries...)
	}
	err = prepared.Send(ctx, conn.Conn(), b)
	if err != nil && len(parts) > 1 {
		rollback(ctx, conn)
		return translate(err, nil)
	}
	for _, w := range parts {
		if told := s.announcementOf(w); err == nil {
			told.before(ctx)
			defer told.after(ctx)
		}
	}
	return parts[0].end(ctx, conn, err, nil, announcement{})
}

func (w *work) finish(job cell.Finished) {
	var result any
	if job.Outcome.Result != nil {
		result = string(job.Outcome.Result)
	}
	w.Queue(finishJobSQL, w.tenant(), job.Ref.JobID.String(), job.Ref.Attempt, result).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() == 0 {
			return cell.ErrAttemptOver
		}
		return nil
	})
	if c, ok := job.Outcome.Change.(change); ok {
		w.changes = min(w.changes, c.scope)
		c.queue(w)
	}
}

// change implements cell.Change.
type change struct {
	statements int
	scope      scope
	queue      func(*work)
}

// Statements implements cell.Change.
func (c change) Statements() int { return c.statements }

// AuditJob is the change of a job that leaves nothing in the database but the
// entry that says what it did elsewhere.
func AuditJob(entry cell.AuditEntry) cell.Change {
	return change{statements: 1, scope: changesUnseen, queue: func(w *work) { w.audit(entry) }}
}

// FailJobs ends the attempts that the references name: running → pending until
// RetryAt, dead if it was the last, cancelled if somebody asked for that.
// Attempts that are over are left alone.
func (s *Store) FailJobs(ctx context.Context, jobs []cell.Failed) error {
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	for _, group := range byTenant(jobs, func(f cell.Failed) cell.JobRef { return f.Ref }) {
		w := join(systemCall(group[0].Ref))
		for _, job := range group {
			w.Queue(failJobSQL, w.tenant(), job.Ref.JobID.String(), job.Ref.Attempt, job.RetryAt, job.Reason)
		}
		b.QueuedQueries = append(b.QueuedQueries, w.QueuedQueries...)
	}
	b.Queue(`COMMIT`)
	return translate(s.send(ctx, b), nil)
}

// eachJob reads the rows of jobs.
func eachJob(rows pgx.Rows, use func(cell.Job)) error {
	var jobs []cell.Job
	if err := collect(&jobs, scanJob)(rows); err != nil {
		return err
	}
	for _, job := range jobs {
		use(job)
	}
	return nil
}

// byTenant groups items by their tenant, in the order of tenants and jobs.
func byTenant[T any](items []T, ref func(T) cell.JobRef) [][]T {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, func(a, b T) int {
		if d := compareIDs(uuid.UUID(ref(a).TenantID), uuid.UUID(ref(b).TenantID)); d != 0 {
			return d
		}
		return compareIDs(ref(a).JobID, ref(b).JobID)
	})
	var groups [][]T
	var tenant tenancy.ID
	for _, item := range sorted {
		if len(groups) == 0 || ref(item).TenantID != tenant {
			tenant = ref(item).TenantID
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], item)
	}
	return groups
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

// byAttempt groups the ids of jobs by the attempt that their references name.
func byAttempt(refs []cell.JobRef) map[int][]string {
	groups := map[int][]string{}
	for _, ref := range refs {
		groups[ref.Attempt] = append(groups[ref.Attempt], ref.JobID.String())
	}
	return groups
}
