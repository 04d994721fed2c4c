package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const scheduleColumns = `schedule_id, name, cron, time_zone, missed, enabled, system, kind, payload::text, priority, next_run_at, last_run_at,
	last_job_id, version, created_at, updated_at`

const selectSchedule = `SELECT ` + scheduleColumns + ` FROM schedules WHERE tenant_id = $1 AND schedule_id = $2`

const insertSchedule = `
	INSERT INTO schedules (tenant_id, schedule_id, name, cron, time_zone, missed, enabled, system, kind, payload, priority, next_run_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11, $12)`

var scheduleConstraints = constraints{
	"schedules_name": fault.New(fault.Conflict, "the tenant has a schedule with this name already"),
}

// ListSchedules returns schedules, oldest first.
func (s *Store) ListSchedules(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.Schedule, error) {
	return list(ctx, s, call, selectSchedules(), page, scanSchedule)
}

func selectSchedules() selection {
	return rowsOf(scheduleColumns, `schedules`, `tenant_id`, `schedule_id`)
}

// GetSchedule returns one schedule.
func (s *Store) GetSchedule(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Schedule, error) {
	var schedule cell.Schedule
	err := s.read(ctx, call, func(w *work) {
		w.Queue(selectSchedule, w.tenant(), id.String()).QueryRow(into(&schedule, scanSchedule))
	})
	return schedule, err
}

// CreateSchedule adds a schedule, if the tenant has not too many.
func (s *Store) CreateSchedule(ctx context.Context, call *cell.Call, schedule cell.Schedule, entry cell.AuditEntry) (cell.Schedule, error) {
	var created cell.Schedule
	err := s.write(ctx, call, scheduleConstraints, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`SELECT count(*) FROM schedules WHERE tenant_id = $1 AND NOT system`, w.tenant()).QueryRow(func(r pgx.Row) error {
			var n int
			err := r.Scan(&n)
			if err == nil && n >= cell.MaxSchedules {
				err = fault.New(fault.Conflict, "the tenant has %d schedules already; delete one first", n)
			}
			return err
		})
		w.addSchedule(schedule, "")
		w.Queue(selectSchedule, w.tenant(), schedule.ID.String()).QueryRow(into(&created, scanSchedule))
		w.audit(entry)
	})
	return created, err
}

func (w *work) addSchedule(s cell.Schedule, otherwise string) {
	payload := string(s.Payload)
	if payload == "" {
		payload = "{}"
	}
	w.Queue(insertSchedule+otherwise, w.tenant(), s.ID.String(), s.Name, s.Cron, s.TimeZone, string(s.Missed), s.Enabled, s.System, string(s.Kind),
		payload, int16(s.Priority), s.NextRunAt)
}

// UpdateSchedule changes a schedule of the tenant's own if its version meets the
// precondition.
func (s *Store) UpdateSchedule(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.ScheduleChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Schedule, error) {
	var changed cell.Schedule
	var payload *string
	if change.Payload != nil {
		text := string(change.Payload)
		payload = &text
	}
	err := s.write(ctx, call, scheduleConstraints, func(w *work) {
		w.changes = changesUnseen
		w.lockSchedule(id, pre)
		w.Queue(`UPDATE schedules SET name = coalesce($3, name), cron = coalesce($4, cron), time_zone = coalesce($5, time_zone),
			missed = coalesce($6, missed), enabled = coalesce($7, enabled), payload = coalesce($8::text::jsonb, payload),
			next_run_at = coalesce($9, next_run_at), version = version + 1, updated_at = now()
			WHERE tenant_id = $1 AND schedule_id = $2 RETURNING `+scheduleColumns,
			w.tenant(), id.String(), change.Name, change.Cron, change.TimeZone, change.Missed, change.Enabled, payload, change.NextRunAt).
			QueryRow(into(&changed, scanSchedule))
		w.audit(entry)
	})
	return changed, err
}

// DeleteSchedule removes a schedule of the tenant's own. Its jobs stay.
func (s *Store) DeleteSchedule(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockSchedule(id, pre)
		w.Queue(`DELETE FROM schedules WHERE tenant_id = $1 AND schedule_id = $2`, w.tenant(), id.String())
		w.audit(entry)
	})
}

func (w *work) lockSchedule(id uuid.UUID, pre cell.Precondition) {
	w.Queue(selectSchedule+` FOR UPDATE`, w.tenant(), id.String()).QueryRow(func(r pgx.Row) error {
		held, err := scanSchedule(r)
		switch {
		case err != nil:
			return err
		case held.System:
			return fault.New(fault.Conflict, "the schedule is the cell's own")
		}
		return pre.Check(held.Version)
	})
}

func scanSchedule(r row) (cell.Schedule, error) {
	var s cell.Schedule
	var payload string
	var lastRun *time.Time
	var lastJob *uuid.UUID
	err := r.Scan(&s.ID, &s.Name, &s.Cron, &s.TimeZone, &s.Missed, &s.Enabled, &s.System, &s.Kind, &payload, &s.Priority, &s.NextRunAt, &lastRun,
		&lastJob, &s.Version, &s.CreatedAt, &s.UpdatedAt)
	s.Payload = []byte(payload)
	if lastRun != nil {
		s.LastRunAt = *lastRun
	}
	if lastJob != nil {
		s.LastJobID = *lastJob
	}
	return s, err
}
