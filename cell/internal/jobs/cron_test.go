package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func TestScheduleExpressions(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC) // the night in which Berlin loses an hour is next
	for _, c := range []struct{ cron, zone, next string }{
		{"30 6 * * *", "UTC", "2026-03-29T06:30:00Z"},
		{"30 6 * * *", "Europe/Berlin", "2026-03-29T04:30:00Z"},
		{"30 13 * * *", "Europe/Berlin", "2026-03-28T12:30:00Z"},
		{"@hourly", "Asia/Kolkata", "2026-03-28T12:30:00Z"},
		{"0 0 29 2 *", "UTC", "2028-02-29T00:00:00Z"},
		{"0 0 30 2 *", "UTC", ""},
		{"* * * *", "UTC", ""},
		{"@every 5m", "UTC", ""},
		{"TZ=UTC 0 0 * * *", "UTC", ""},
		{"CRON_TZ=", "UTC", ""},
		{"61 * * * *", "UTC", ""},
		{"0 0 * * *", "Europe/Nowhere", ""},
		{"0 0 * * *", "Local", ""},
		{"0 0 * * *", "", ""},
		{"0 0 * * *", "../etc/passwd", ""},
	} {
		store := &schedules{}
		s := jobs.Schedules{Store: store, Clock: func() time.Time { return now }}
		_, err := s.Create(t.Context(), &cell.Call{}, cell.Schedule{Name: "n", Cron: c.cron, TimeZone: c.zone})
		switch {
		case c.next == "" && fault.CodeOf(err) != fault.Invalid:
			t.Errorf("%q in %q: %v", c.cron, c.zone, err)
		case c.next != "" && (err != nil || store.created.NextRunAt.Format(time.RFC3339) != c.next):
			t.Errorf("%q in %q: %s, %v", c.cron, c.zone, store.created.NextRunAt, err)
		}
	}
}

// schedules is a store that keeps what was created.
type schedules struct {
	jobs.ScheduleStore
	created cell.Schedule
}

func (s *schedules) CreateSchedule(_ context.Context, _ *cell.Call, schedule cell.Schedule, _ cell.AuditEntry) (cell.Schedule, error) {
	s.created = schedule
	return schedule, nil
}

// timetable has one due schedule.
type timetable struct {
	due   []cell.DueSchedule
	fired []cell.Fire
}

func (s *timetable) DueSchedules(context.Context, int) ([]cell.DueSchedule, error) { return s.due, nil }

func (s *timetable) TenantsWithout(context.Context, uuid.UUID, int) ([]tenancy.ID, error) {
	return nil, nil
}
func (s *timetable) AddSchedule(context.Context, []tenancy.ID, cell.Schedule) error { return nil }
func (s *timetable) FireSchedules(_ context.Context, fires []cell.Fire) error {
	s.fired = append(s.fired, fires...)
	return nil
}

func TestMissedSlots(t *testing.T) {
	t.Parallel()
	slot := time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		missed cell.Missed
		late   time.Duration
		skip   bool
		next   string
	}{
		{"on time", cell.MissedSkip, time.Second, false, "2026-06-02T06:00:00Z"},
		{"an hour late, made up for", cell.MissedOnce, time.Hour, false, "2026-06-02T06:00:00Z"},
		{"an hour late, skipped", cell.MissedSkip, time.Hour, true, "2026-06-02T06:00:00Z"},
		{"days late, and just on time for the last", cell.MissedSkip, 48*time.Hour + time.Second, false, "2026-06-04T06:00:00Z"},
		{"a year late", cell.MissedOnce, 365 * 24 * time.Hour, false, "2027-06-02T06:00:00Z"},
	} {
		table := &timetable{due: []cell.DueSchedule{{Cron: "0 6 * * *", TimeZone: "UTC", Missed: c.missed, Slot: slot}}}
		s := jobs.Scheduler{Timetable: table, Firing: table, Log: slog.New(slog.DiscardHandler)}
		if err := s.Fire(t.Context(), slot.Add(c.late)); err != nil {
			t.Fatal(err)
		}
		if f := table.fired[0]; len(table.fired) != 1 || f.Skip != c.skip || f.Next.Format(time.RFC3339) != c.next {
			t.Errorf("%s: %+v", c.name, table.fired)
		}
	}
}
