package cell

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// JobState says how far a job has come; see package jobs.
type JobState string

// The states of a job.
const (
	JobPending JobState = "pending" // waits for its time and the relay
	JobQueued  JobState = "queued"  // the broker has it
	JobRunning JobState = "running" // a worker has it
	JobDone    JobState = "done"
	JobDead    JobState = "dead" // gave up after MaxAttempts
)

// JobKind says what a job does.
type JobKind string

// WelcomeEmail greets the owner of a new tenant.
const WelcomeEmail JobKind = "welcome_email"

// DefaultMaxAttempts is how often a job is tried before it is dead.
const DefaultMaxAttempts = 8

// Job is work that outlives the request that asked for it. The row is the job;
// what the broker carries is only a reference to it.
type Job struct {
	ID          uuid.UUID
	Kind        JobKind
	Payload     []byte // JSON; ids only, so that no personal data is copied into it
	State       JobState
	Attempts    int // how often a worker has begun it
	MaxAttempts int
	RunAt       time.Time // not before
	LastError   string    // public text of the last failure
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// JobRef is what travels through the broker.
type JobRef struct {
	TenantID tenancy.ID `json:"tenant_id"`
	JobID    uuid.UUID  `json:"job_id"`
	Attempt  int        `json:"attempt"` // Job.Attempts when it was sent: an old message starts nothing
}
