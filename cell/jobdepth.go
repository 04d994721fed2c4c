package cell

import "time"

// JobStage is how far jobs have come that wait or failed: a [JobState], but
// pending ones whose time has not come yet are told apart.
type JobStage string

// The stages.
const (
	StageScheduled JobStage = "scheduled"
	StagePending   JobStage = "pending"
	StageQueued    JobStage = "queued"
	StageRunning   JobStage = "running"
	StageDead      JobStage = "dead"
)

// JobStages are all of them.
var JobStages = []JobStage{StageScheduled, StagePending, StageQueued, StageRunning, StageDead}

// JobDepth is how many jobs of all tenants are in one stage of one lane.
type JobDepth struct {
	Lane   JobPriority
	Stage  JobStage
	Jobs   int
	Oldest time.Duration // how long one of them has been due or in its stage; 0 for scheduled ones
}

// String is the lane's name.
func (p JobPriority) String() string {
	switch p {
	case HighPriority:
		return "high"
	case LowPriority:
		return "low"
	}
	return "normal"
}
