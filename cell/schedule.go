package cell

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Missed says what becomes of a schedule's slots that passed while nobody
// could fire them.
type Missed string

// What may become of missed slots.
const (
	MissedOnce Missed = "once" // the last of them is fired, late
	MissedSkip Missed = "skip" // none is
)

// MaxSchedules bounds how many schedules a tenant may have.
const MaxSchedules = 100

// Schedule enqueues a job again and again. Each of its slots, the times that
// its expression names, is fired at most once.
type Schedule struct {
	ID        uuid.UUID
	Name      string
	Cron      string // minute hour day month weekday, or @daily and the like
	TimeZone  string // IANA name
	Missed    Missed
	Enabled   bool
	System    bool // the cell's own; tenants cannot change it
	Kind      JobKind
	Payload   []byte // JSON, of the jobs
	Priority  JobPriority
	NextRunAt time.Time // the next slot
	LastRunAt time.Time // the last slot that was fired; zero: none yet
	LastJobID uuid.UUID // the job of then
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ScheduleChange holds what a change sets; nil leaves a field as it is.
type ScheduleChange struct {
	Name, Cron, TimeZone *string
	Missed               *Missed
	Enabled              *bool
	Payload              []byte
	NextRunAt            *time.Time // follows from the others
}

// DueSchedule is a schedule whose slot has come.
type DueSchedule struct {
	TenantID       tenancy.ID
	ID             uuid.UUID
	Cron, TimeZone string
	Missed         Missed
	Slot           time.Time
}

// Fire moves a due schedule on: to its next slot and, unless Skip is set, with
// a job for the slot.
type Fire struct {
	Schedule DueSchedule
	Next     time.Time
	JobID    uuid.UUID
	Skip     bool
}
