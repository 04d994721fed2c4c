package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Timetable are the schedules of all tenants. It is an interface because
// use-cases do not know the database.
type Timetable interface {
	DueSchedules(ctx context.Context, limit int) ([]cell.DueSchedule, error)
	TenantsWithout(ctx context.Context, schedule uuid.UUID, limit int) ([]tenancy.ID, error)
}

// Firing moves schedules on, each if it is still at its slot, with the slot's
// job in the same transaction. It is an interface because use-cases do not know
// the database.
type Firing interface {
	FireSchedules(ctx context.Context, fires []cell.Fire) error
	AddSchedule(ctx context.Context, tenants []tenancy.ID, schedule cell.Schedule) error
}

const (
	schedulePage = 500
	// lateness is how much later than its slot a job may be and still not count
	// as missed.
	lateness = time.Minute
)

// Scheduler fires schedules. It runs where the relay does: one at a time. Should
// two ever run, each slot is still fired once.
type Scheduler struct {
	Timetable Timetable
	Firing    Firing
	System    []cell.Schedule // what every tenant has: name, expression, time zone, kind, priority
	Log       *slog.Logger
}

// Ensure gives every tenant the cell's own schedules.
func (s Scheduler) Ensure(ctx context.Context, now time.Time) error {
	for _, schedule := range s.System {
		slots, err := parseSlots(schedule.Cron, schedule.TimeZone)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", schedule.Name, err)
		}
		schedule.ID = uuid.NewSHA1(systemSchedules, []byte(schedule.Name))
		schedule.Missed, schedule.Enabled, schedule.System, schedule.NextRunAt = cell.MissedOnce, true, true, slots.after(now)
		tenants, err := s.Timetable.TenantsWithout(ctx, schedule.ID, schedulePage)
		if err == nil && len(tenants) > 0 {
			err = s.Firing.AddSchedule(ctx, tenants, schedule)
		}
		if err != nil {
			return fmt.Errorf("add the cell's own schedules: %w", err)
		}
	}
	return nil
}

// systemSchedules makes the same id of the same name in every cell.
var systemSchedules = uuid.MustParse("0b1f3c8e-6f0a-4b1e-9a51-5d7f8f3d2c10")

// Fire fires what is due.
func (s Scheduler) Fire(ctx context.Context, now time.Time) error {
	for {
		due, err := s.Timetable.DueSchedules(ctx, schedulePage)
		if err != nil {
			return fmt.Errorf("find due schedules: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		fires := make([]cell.Fire, len(due))
		for i, d := range due {
			fires[i] = s.plan(ctx, d, now)
		}
		if err := s.Firing.FireSchedules(ctx, fires); err != nil {
			return fmt.Errorf("fire schedules: %w", err)
		}
		if len(due) < schedulePage {
			return nil
		}
	}
}

// plan decides what becomes of a due schedule's slot, and of those missed since.
func (s Scheduler) plan(ctx context.Context, due cell.DueSchedule, now time.Time) cell.Fire {
	slots, err := parseSlots(due.Cron, due.TimeZone)
	if err != nil {
		// It was valid when it was stored, by another version or other time zones.
		s.Log.ErrorContext(ctx, "schedule put off", "tenant", due.TenantID, "schedule", due.ID, "err", err)
		return cell.Fire{Schedule: due, Next: now.Add(time.Hour), Skip: true}
	}
	last, next := slots.latest(due.Slot, now)
	if next.IsZero() {
		next = now.AddDate(100, 0, 0)
	}
	return cell.Fire{
		Schedule: due, Next: next, JobID: uuid.Must(uuid.NewV7()), Skip: due.Missed == cell.MissedSkip && now.Sub(last) > lateness,
	}
}
