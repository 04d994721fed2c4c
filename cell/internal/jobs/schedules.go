package jobs

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// ScheduleStore keeps the schedules of one tenant. It is an interface because
// use-cases do not know the database.
type ScheduleStore interface {
	ListSchedules(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.Schedule, error)
	GetSchedule(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Schedule, error)
	CreateSchedule(ctx context.Context, call *cell.Call, s cell.Schedule, entry cell.AuditEntry) (cell.Schedule, error)
	UpdateSchedule(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.ScheduleChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Schedule, error)
	DeleteSchedule(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition, entry cell.AuditEntry) error
}

// Schedules are the use-cases of schedules.
type Schedules struct {
	Store ScheduleStore
	Clock func() time.Time
}

// List returns a page of schedules, oldest first.
func (s Schedules) List(ctx context.Context, call *cell.Call, req cell.PageRequest) (cell.Page[cell.Schedule], error) {
	rows, err := s.Store.ListSchedules(ctx, call, req)
	if err != nil {
		return cell.Page[cell.Schedule]{}, err
	}
	return cell.PageOf(rows, req.Limit, func(s cell.Schedule) uuid.UUID { return s.ID }), nil
}

// Get returns one schedule.
func (s Schedules) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Schedule, error) {
	return s.Store.GetSchedule(ctx, call, id)
}

// Create adds a schedule.
func (s Schedules) Create(ctx context.Context, call *cell.Call, schedule cell.Schedule) (cell.Schedule, error) {
	next, err := s.check(&schedule.Name, schedule.Cron, schedule.TimeZone)
	if err != nil {
		return cell.Schedule{}, err
	}
	schedule.ID, schedule.NextRunAt = uuid.Must(uuid.NewV7()), next
	details := map[string]any{"name": schedule.Name, "cron": schedule.Cron, "time_zone": schedule.TimeZone, "kind": schedule.Kind}
	return s.Store.CreateSchedule(ctx, call, schedule, scheduleEntry("schedule.created", schedule.ID, details))
}

// Update changes a schedule of the tenant's own. Its next slot is then the first
// one from now on.
func (s Schedules) Update(ctx context.Context, call *cell.Call, id uuid.UUID, change cell.ScheduleChange, pre cell.Precondition) (cell.Schedule, error) {
	held, err := s.Store.GetSchedule(ctx, call, id)
	if err != nil {
		return cell.Schedule{}, err
	}
	expression, zone := orHeld(change.Cron, held.Cron), orHeld(change.TimeZone, held.TimeZone)
	next, err := s.check(change.Name, expression, zone)
	if err != nil {
		return cell.Schedule{}, err
	}
	change.NextRunAt = &next
	if pre == nil { // the next slot was reckoned from what this version says
		pre = cell.Precondition{held.Version}
	}
	return s.Store.UpdateSchedule(ctx, call, id, change, pre, scheduleEntry("schedule.updated", id, map[string]any{"cron": expression, "time_zone": zone}))
}

// Delete removes a schedule of the tenant's own.
func (s Schedules) Delete(ctx context.Context, call *cell.Call, id uuid.UUID, pre cell.Precondition) error {
	return s.Store.DeleteSchedule(ctx, call, id, pre, scheduleEntry("schedule.deleted", id, map[string]any{}))
}

// check returns the first slot from now on.
func (s Schedules) check(name *string, expression, zone string) (time.Time, error) {
	refused := fault.New(fault.Invalid, "the request breaks rules of the API")
	if name != nil && (strings.TrimSpace(*name) == "" || strings.ContainsFunc(*name, unicode.IsControl)) {
		return time.Time{}, refused.At("/name", "use a name of printable characters")
	}
	slots, err := parseSlots(expression, zone)
	switch {
	case err == nil:
		return slots.after(s.Clock()), nil
	case errors.Is(err, errZone):
		return time.Time{}, refused.At("/time_zone", "%s", err.Error())
	}
	return time.Time{}, refused.At("/cron", "%s", err.Error())
}

func orHeld(changed *string, held string) string {
	if changed != nil {
		return *changed
	}
	return held
}

func scheduleEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "schedule", SubjectID: id, Details: details}
}
