package conduct

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/coditect/platform/loadtest/internal/arrival"
	"github.com/coditect/platform/loadtest/internal/generate"
	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// generators are those of one run, here or in processes of their own.
type generators interface {
	live() *record.Live               // since the last call
	wait() (*record.Recording, error) // of all; after the end of the run's context soon
	done() <-chan struct{}            // closed when wait will not block
}

// inside generates in this process.
type inside struct {
	recorder *record.Recorder
	over     chan struct{}
	err      error
}

func startInside(ctx context.Context, s *scenario.Scenario, all []tenants.Tenant, begin time.Time) *inside {
	g := &inside{recorder: record.NewRecorder(generate.ShapeOf(s)), over: make(chan struct{})}
	job := &generate.Job{Scenario: s, Tenants: all, Share: arrival.Whole, Begin: begin, Recorder: g.recorder}
	go func() {
		defer close(g.over)
		g.err = job.Run(ctx)
	}()
	return g
}

func (g *inside) live() *record.Live    { return g.recorder.Live() }
func (g *inside) done() <-chan struct{} { return g.over }

func (g *inside) wait() (*record.Recording, error) {
	<-g.over
	return g.recorder.Recording(), g.err
}

// outside are several processes.
type outside struct {
	children []*child
	shape    record.Shape
	over     chan struct{}
}

// Assignment is what a process is told.
type Assignment struct {
	Scenario *scenario.Scenario `json:"scenario"`
	Share    arrival.Share      `json:"share"`
	Begin    time.Time          `json:"begin"`
	Source   netip.Addr         `json:"source"`
}

// message is what a process says.
type message struct {
	Live      *record.Live      `json:"live,omitempty"`
	Recording *record.Recording `json:"recording,omitempty"`
	Failure   string            `json:"failure,omitempty"`
}

func startOutside(ctx context.Context, program string, s *scenario.Scenario, processes int, begin time.Time) (*outside, error) {
	g := &outside{shape: generate.ShapeOf(s), over: make(chan struct{})}
	for i := range processes {
		// A source address each: one address has 28,000 connections to a target.
		source := netip.AddrFrom4([4]byte{127, 0, 2, byte(1 + i)})
		c, err := startChild(program, Assignment{Scenario: s, Share: arrival.Share{Index: i, Of: processes}, Begin: begin, Source: source})
		if err != nil {
			for _, started := range g.children {
				started.stop()
			}
			return nil, err
		}
		g.children = append(g.children, c)
	}
	for _, c := range g.children {
		context.AfterFunc(ctx, c.stop)
	}
	go func() {
		defer close(g.over)
		for _, c := range g.children {
			<-c.over
		}
	}()
	return g, nil
}

func (g *outside) live() *record.Live {
	sum := record.NewLive()
	for _, c := range g.children {
		sum.Add(c.takeLive())
	}
	return sum
}

func (g *outside) done() <-chan struct{} { return g.over }

func (g *outside) wait() (*record.Recording, error) {
	<-g.over
	sum := record.NewRecording(g.shape)
	var failed error
	for _, c := range g.children {
		if c.recording != nil {
			failed = errors.Join(failed, sum.Add(c.recording))
		}
		failed = errors.Join(failed, c.err)
	}
	return sum, failed
}
