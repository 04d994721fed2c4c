package jobs

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // schedules have time zones, whatever the machine knows

	"github.com/robfig/cron/v3"
)

var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// slots are the times that an expression names in a time zone.
type slots struct {
	schedule cron.Schedule
	zone     *time.Location
}

var (
	errCron = errors.New("use five fields (minute hour day month weekday) or @hourly, @daily, @weekly, @monthly, @yearly")
	errZone = errors.New("use a name of the time zone database, such as Europe/Berlin")
	errSlot = errors.New("names no time")
)

// parseSlots refuses what has no fixed slots (@every counts from when the
// process started), and a time zone within the expression.
func parseSlots(expression, zone string) (slots, error) {
	if strings.Contains(expression, "TZ=") || strings.HasPrefix(expression, "@every") {
		return slots{}, errCron
	}
	schedule, err := cronParser.Parse(expression)
	if err != nil {
		return slots{}, errCron
	}
	if zone == "" || strings.EqualFold(zone, "local") {
		return slots{}, errZone
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return slots{}, errZone
	}
	s := slots{schedule, location}
	if s.after(time.Now()).IsZero() {
		return slots{}, errSlot // the 30th of February
	}
	return s, nil
}

// after returns the first slot after t; zero if there is none.
func (s slots) after(t time.Time) time.Time {
	next := s.schedule.Next(t.In(s.zone))
	if next.IsZero() {
		return next
	}
	return next.UTC()
}

// latest returns the last slot in [from, now], which begins with a slot, and the
// first one after now. Of a schedule that slept for long it looks at no more
// than the last days.
func (s slots) latest(from, now time.Time) (last, next time.Time) {
	const far = 8 * 24 * time.Hour
	last, t := from, from
	if near := now.Add(-far); t.Before(near) {
		t = near
	}
	for {
		next = s.after(t)
		if next.IsZero() || next.After(now) {
			return last, next
		}
		last, t = next, next
	}
}
