package cell

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// JobState says how far a job has come; see package jobs.
type JobState string

// The states of a job.
const (
	JobPending   JobState = "pending" // waits for its time and the relay
	JobQueued    JobState = "queued"  // the broker has it
	JobRunning   JobState = "running" // a worker has it
	JobDone      JobState = "done"
	JobDead      JobState = "dead"      // gave up after MaxAttempts; may be replayed
	JobCancelled JobState = "cancelled" // somebody asked for it
)

// JobPriority is the lane in which a job travels: each has a queue and workers
// of its own, so none waits for another.
type JobPriority int16

// The lanes.
const (
	HighPriority   JobPriority = -1 // somebody waits for it
	NormalPriority JobPriority = 0
	LowPriority    JobPriority = 1 // long or housekeeping
)

// JobPriorities are all lanes, the first one's jobs first.
var JobPriorities = []JobPriority{HighPriority, NormalPriority, LowPriority}

// DefaultMaxAttempts is how often a job is tried before it is dead.
const DefaultMaxAttempts = 8

// Job is work that outlives the request that asked for it. The row is the job;
// what the broker carries is only a reference to it.
type Job struct {
	ID              uuid.UUID
	Kind            JobKind
	Payload         []byte // JSON; ids only, so that no personal data is copied into it
	Priority        JobPriority
	State           JobState
	Attempts        int // how often a worker has begun it
	MaxAttempts     int
	RunAt           time.Time // not before
	Progress        int       // percent
	ProgressText    string
	CancelRequested bool   // the worker that has it is to stop
	Result          []byte // JSON, of a kind's own type; nil: it left none
	LastError       string // public text of the last failure
	CreatedAt       time.Time
	UpdatedAt       time.Time // last change of state or sign of life
}

// JobRef is what travels through the broker.
type JobRef struct {
	TenantID tenancy.ID  `json:"tenant_id"`
	JobID    uuid.UUID   `json:"job_id"`
	Attempt  int         `json:"attempt"` // Job.Attempts when it was sent: an old message starts nothing
	Priority JobPriority `json:"-"`       // which queue it goes to
	// Trace is the span that the job goes on from, as a traceparent header; "" if
	// none is known. It travels in the message's headers.
	Trace string `json:"-"`
}

// JobQueue is one lane of one tenant.
type JobQueue struct {
	TenantID tenancy.ID
	Priority JobPriority
}

// JobShare is what the relay finds in one queue.
type JobShare struct {
	Out int // jobs that the broker or a worker has
	Due []JobRef
}

// NewJob is a job that is to be enqueued in the transaction of what caused it.
type NewJob struct {
	ID          uuid.UUID // zero: a new one
	Kind        JobKind
	Payload     []byte // JSON; empty: {}
	Priority    JobPriority
	RunAt       time.Time // zero: at once
	MaxAttempts int       // 0: DefaultMaxAttempts
}

// JobFilter narrows a list of jobs; the zero value does not.
type JobFilter struct {
	State JobState
	Kind  JobKind
}

// Change is what a job writes to the database. The store makes it, and applies
// it in the transaction that marks the job done, or not at all: so it takes
// effect exactly once. It is opaque to everybody else.
type Change interface {
	// Statements bounds how many statements it adds to the transaction.
	Statements() int
}

// Outcome is what a job that went well leaves behind.
type Outcome struct {
	Change Change // nil: nothing in the database
	Result []byte // JSON for Job.Result; nil: none
}

// Claimed is a job that the caller has begun. Ref names the attempt.
type Claimed struct {
	Ref JobRef
	Job Job
}

// Finished is a job that went well at the attempt that Ref names.
type Finished struct {
	Ref     JobRef
	Outcome Outcome
}

// Failed is a job that did not.
type Failed struct {
	Ref     JobRef
	RetryAt time.Time // unless it was the last attempt
	Reason  string    // shown to the tenant
}

// ErrAttemptOver says that the attempt had been given up before its outcome
// was to be recorded: nothing was written, and the job is somebody else's.
var ErrAttemptOver = errors.New("the attempt at the job is over")

// JobProgress is a sign of life of a running job.
type JobProgress struct {
	Ref     JobRef
	Percent int
	Text    string
}
