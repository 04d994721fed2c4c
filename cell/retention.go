package cell

import "time"

// Retention is how long a tenant's plan keeps what only says how things were.
type Retention struct {
	Audit      time.Duration // entries of the audit log, and so events
	Deliveries time.Duration // webhooks' deliveries that are over, and their attempts
	Jobs       time.Duration // jobs that are over
	Usage      time.Duration // days of usage
}

const day = 24 * time.Hour

// retentions is the one table of what plans keep. What is shown of a delivery
// is made of the log, which is therefore never kept for less.
var retentions = map[string]Retention{
	"free":       {Audit: 90 * day, Deliveries: 7 * day, Jobs: 14 * day, Usage: 400 * day},
	"team":       {Audit: 365 * day, Deliveries: 30 * day, Jobs: 30 * day, Usage: 800 * day},
	"business":   {Audit: 2 * 365 * day, Deliveries: 30 * day, Jobs: 60 * day, Usage: 1200 * day},
	"enterprise": longestRetention,
}

// longestRetention is also that of a plan of which this version has not heard:
// what is kept for too long can still be removed.
var longestRetention = Retention{Audit: 7 * 365 * day, Deliveries: 90 * day, Jobs: 90 * day, Usage: 2600 * day}

// RetentionOf returns what a plan keeps.
func RetentionOf(plan string) Retention {
	if r, ok := retentions[plan]; ok {
		return r
	}
	return longestRetention
}

// InvitationKept is how long an invitation that is over is still shown.
const InvitationKept = 30 * day

// Aged is a kind of rows that are removed by their age.
type Aged string

// The kinds. The audit log is not among them: what is removed from it needs the
// cell's signature, which no job has (see package chain), and answers for an Idempotency-Key live
// as long under every plan.
const (
	AgedDeliveries  Aged = "deliveries"
	AgedJobs        Aged = "jobs"
	AgedUsage       Aged = "usage"
	AgedSessions    Aged = "sessions"       // that are over by themselves
	AgedEnds        Aged = "ended_sessions" // that somebody ended
	AgedInvitations Aged = "invitations"    // that are over
)

// Age says which of them are to go: those from before a moment.
type Age struct {
	What   Aged
	Before time.Time
}

// Ages returns what a plan keeps no longer.
func (r Retention) Ages(now time.Time) []Age {
	return []Age{
		{AgedDeliveries, now.Add(-r.Deliveries)},
		{AgedJobs, now.Add(-r.Jobs)},
		{AgedUsage, now.Add(-r.Usage)},
		{AgedSessions, now},
		{AgedEnds, now.Add(-EndedSessionKept)},
		{AgedInvitations, now.Add(-InvitationKept)},
	}
}
