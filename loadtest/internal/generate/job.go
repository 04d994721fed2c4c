package generate

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/coditect/platform/loadtest/internal/arrival"
	"github.com/coditect/platform/loadtest/internal/engine"
	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// Job is one process's part of a run.
type Job struct {
	Scenario *scenario.Scenario
	Tenants  []tenants.Tenant // by place in the file; nil: requests have no tenant
	Share    arrival.Share
	Begin    time.Time  // the run's time zero; in several processes the same
	Source   netip.Addr // of connections; invalid: the kernel's choice
	Recorder *record.Recorder
}

// client is one connection. Consumer's own interface: there are two engines.
type client interface {
	Do(ctx context.Context, r *engine.Request) (status int, err error)
	Close()
}

// most windows a run records, so that a soak of hours does not fill the memory.
const mostWindows = 1200

// watched tenants are recorded apart.
const watched = 50

// ShapeOf says what is recorded of a scenario's run.
func ShapeOf(s *scenario.Scenario) record.Shape {
	shape := record.Shape{Steps: s.Steps(), Storm: -1, Interval: time.Second, Watched: watched}
	for _, p := range s.Phases {
		shape.Phases = append(shape.Phases, p.Name)
		shape.WarmUp = append(shape.WarmUp, p.WarmUp)
	}
	if s.Storms() {
		shape.Storm = len(shape.Steps) - 1
	}
	if least := s.Duration() / mostWindows; least > shape.Interval {
		shape.Interval = least.Round(time.Second)
	}
	return shape
}

// Streams of random numbers of one seed, so that none disturbs another.
const (
	forTimes = iota
	forTenants
	forSteps
	forBodies
	forStormTimes
	streams
)

func (j *Job) random(stream int) *rand.Rand {
	return rand.New(rand.NewPCG(j.Scenario.Seed, uint64(j.Share.Index*streams+stream)))
}

// Run sends everything. It returns when the last answer is there, or soon after
// ctx ends; requests under way then are not recorded.
func (j *Job) Run(ctx context.Context) error {
	if j.Scenario.Load.Closed {
		return j.closed(ctx)
	}
	return j.open(ctx)
}

// connections is this process's part of them.
func (j *Job) connections() int {
	n := j.Scenario.Load.Connections
	return max(1, n/j.Share.Of)
}
