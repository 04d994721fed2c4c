package cell

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Metric is what usage is counted by.
type Metric string

// The metrics. Calls and jobs add up over a day; of seats and storage there is
// one figure a day, as it was when the day was closed.
const (
	APICalls     Metric = "api_calls"     // requests that were let in, answered from memory or not
	Seats        Metric = "seats"         // active users
	StorageBytes Metric = "storage_bytes" // of the tenant's users, workspaces and projects
	JobsDone     Metric = "jobs_done"
)

// Usage is how much of a metric was used on a day.
type Usage struct {
	Metric   Metric
	Day      time.Time // midnight UTC
	Quantity int64
}

// UsageBatch is recorded once, however often that is tried.
type UsageBatch struct {
	ID     uuid.UUID
	Tenant tenancy.ID
	Items  []Usage
}

// UsageRow is one recorded item, by the number under which it is read once.
type UsageRow struct {
	Usage
	Epoch      uint64
	Sequence   int64 // 1, 2, 3 … of the epoch, in the order of commits
	RecordedAt time.Time
}

// UsageHead says how far a tenant's usage has come in one epoch.
type UsageHead struct {
	Tenant   tenancy.ID
	Epoch    uint64
	Sequence int64 // of the newest row
}

// UsageSpan is a span of days, both ends included.
type UsageSpan struct{ From, To time.Time }

// Day is the UTC day on which something happened.
func Day(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }
