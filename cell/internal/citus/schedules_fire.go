package citus

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// DueSchedules returns up to limit schedules whose slot has come, of tenants
// that may be served, the longest due first; of those that are held, the cell's own
// only.
func (r *Relay) DueSchedules(ctx context.Context, limit int) ([]cell.DueSchedule, error) {
	rows, err := r.pool.Query(ctx, `
		SELECT s.tenant_id, s.schedule_id, s.cron, s.time_zone, s.missed, s.next_run_at FROM schedules s
		JOIN tenants t ON t.tenant_id = s.tenant_id JOIN tenant_gate g ON g.tenant_id = s.tenant_id
		JOIN organizations o ON o.tenant_id = s.tenant_id
		WHERE s.enabled AND s.next_run_at <= now() AND t.state = 'live' AND g.open AND (s.system OR NOT o.held) ORDER BY s.next_run_at LIMIT $1`, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (cell.DueSchedule, error) {
		var d cell.DueSchedule
		var tenant uuid.UUID
		err := row.Scan(&tenant, &d.ID, &d.Cron, &d.TimeZone, &d.Missed, &d.Slot)
		d.TenantID = tenancy.ID(tenant)
		return d, err
	})
	return due, translate(err, nil)
}

// TenantsWithout returns up to limit live tenants that have no schedule of that id.
func (r *Relay) TenantsWithout(ctx context.Context, schedule uuid.UUID, limit int) ([]tenancy.ID, error) {
	rows, err := r.pool.Query(ctx, `
		SELECT t.tenant_id FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id
		LEFT JOIN schedules s ON s.tenant_id = t.tenant_id AND s.schedule_id = $1
		WHERE s.tenant_id IS NULL AND t.state = 'live' AND g.open LIMIT $2`, schedule.String(), limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	ids, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (tenancy.ID, error) {
		var id uuid.UUID
		err := row.Scan(&id)
		return tenancy.ID(id), err
	})
	return ids, translate(err, nil)
}

// The schedule moves on by compare-and-set, and takes the id of the slot's job
// along: only if it did is there a job. So a slot is fired once, whoever tries.
const (
	moveOnSQL = `
		UPDATE schedules SET next_run_at = $4, last_run_at = CASE WHEN $6 THEN last_run_at ELSE $3 END,
			last_job_id = CASE WHEN $6 THEN last_job_id ELSE $5::uuid END
		WHERE tenant_id = $1 AND schedule_id = $2 AND next_run_at = $3 AND enabled`
	slotJobSQL = `
		INSERT INTO jobs (tenant_id, job_id, kind, payload, priority, state, max_attempts)
		SELECT s.tenant_id, s.last_job_id, s.kind, s.payload, s.priority, 'pending', $4 FROM schedules s
		WHERE s.tenant_id = $1 AND s.schedule_id = $2 AND s.last_job_id = $3`
)

// FireSchedules fires due schedules, each if it is still at its slot and its
// tenant may be served.
func (s *Store) FireSchedules(ctx context.Context, fires []cell.Fire) error {
	return s.eachTogether(ctx, byTenantID(fires, func(f cell.Fire) tenancy.ID { return f.Schedule.TenantID }, func(w *work, f cell.Fire) {
		w.Queue(moveOnSQL, w.tenant(), f.Schedule.ID.String(), f.Schedule.Slot, f.Next, f.JobID.String(), f.Skip)
		if !f.Skip {
			w.Queue(slotJobSQL, w.tenant(), f.Schedule.ID.String(), f.JobID.String(), cell.DefaultMaxAttempts)
			w.Queue(notifyJobs)
		}
	}))
}

// AddSchedule gives tenants a schedule, unless they have it or one of its name.
func (s *Store) AddSchedule(ctx context.Context, tenants []tenancy.ID, schedule cell.Schedule) error {
	return s.eachTogether(ctx, byTenantID(tenants, func(id tenancy.ID) tenancy.ID { return id }, func(w *work, _ tenancy.ID) {
		w.addSchedule(schedule, ` ON CONFLICT DO NOTHING`)
	}))
}

// byTenantID makes a part of a transaction for each tenant of the items.
func byTenantID[T any](items []T, tenant func(T) tenancy.ID, queue func(*work, T)) []*work {
	var parts []*work
	for _, group := range byTenant(items, func(item T) cell.JobRef { return cell.JobRef{TenantID: tenant(item)} }) {
		w := join(&cell.Call{Tenant: tenant(group[0]), System: true, RequestID: "schedules"})
		w.changes = changesUnseen
		w.fence(toWrite, w.admitWrite)
		for _, item := range group {
			queue(w, item)
		}
		parts = append(parts, w)
	}
	return parts
}

// eachTogether commits all parts in one transaction, or each alone if that
// fails. A tenant that is not served meanwhile is left alone.
func (s *Store) eachTogether(ctx context.Context, parts []*work) error {
	err := s.together(ctx, parts)
	if err == nil || len(parts) == 1 || fault.CodeOf(err) == fault.Unavailable {
		return unlessRefused(err)
	}
	var failed error
	for i := range parts {
		failed = errors.Join(failed, unlessRefused(s.together(ctx, parts[i:i+1])))
	}
	return failed
}

func unlessRefused(err error) error {
	var refused *cell.Refused
	if errors.As(err, &refused) {
		return nil
	}
	return err
}
