package generate

import (
	"context"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/loadtest/internal/arrival"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// backlog is how many arrivals may wait for a connection. When it is full the pacer
// waits, too; arrivals keep their times.
const backlog = 1 << 16

// order is one request to send.
type order struct {
	at          time.Duration
	phase, step int
	rank        int
}

// open sends at the scenario's times.
func (j *Job) open(ctx context.Context) error {
	orders := make(chan order, backlog)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(orders)
		return j.pace(ctx, orders)
	})
	for range j.connections() {
		group.Go(func() error {
			s := j.newSender(ctx)
			defer s.close()
			ready := time.Duration(0)
			for o := range orders {
				if ctx.Err() != nil {
					break // the rest is not sent
				}
				ready = s.send(ctx, o, ready)
			}
			return nil
		})
	}
	return group.Wait()
}

// pace hands orders over at their times.
func (j *Job) pace(ctx context.Context, orders chan<- order) error {
	clock, err := newAlarm()
	if err != nil {
		return err
	}
	defer clock.close()
	defer context.AfterFunc(ctx, clock.close)()
	next := j.orders()
	for {
		o, ok := next()
		if !ok {
			return nil
		}
		if wait := time.Until(j.Begin.Add(o.at)); wait > 0 {
			if err := clock.sleep(wait); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
		}
		select {
		case orders <- o:
		case <-ctx.Done():
			return nil
		}
	}
}

// orders draws the run's requests in order.
func (j *Job) orders() func() (order, bool) {
	mixed, storm := j.mixed(), j.storm()
	a, okA := mixed()
	b, okB := storm()
	return func() (o order, ok bool) {
		switch {
		case okA && (!okB || a.at <= b.at):
			o = a
			a, okA = mixed()
			return o, true
		case okB:
			o = b
			b, okB = storm()
			return o, true
		}
		return order{}, false
	}
}

// mixed draws everybody's requests.
func (j *Job) mixed() func() (order, bool) {
	var phases []arrival.Phase
	for _, p := range j.Scenario.Phases {
		phases = append(phases, arrival.Phase{For: p.For, From: p.From, To: p.To})
	}
	stream := arrival.NewStream(phases, j.Share, j.poisson(forTimes))
	tenant, step := j.choice(), j.chance()
	return func() (order, bool) {
		at, phase, ok := stream.Next()
		if !ok {
			return order{}, false
		}
		return order{at: at, phase: phase, step: step(), rank: tenant()}, true
	}
}

// storm draws the requests of storms: the mix's first step that is no sign-up.
func (j *Job) storm() func() (order, bool) {
	var phases []arrival.Phase
	for _, p := range j.Scenario.Phases {
		phase := arrival.Phase{For: p.For}
		if p.Storm != nil {
			phase.From, phase.To = p.Storm.Rate, p.Storm.Rate
		}
		phases = append(phases, phase)
	}
	stream := arrival.NewStream(phases, j.Share, j.poisson(forStormTimes))
	return func() (order, bool) {
		at, phase, ok := stream.Next()
		if !ok {
			return order{}, false
		}
		return order{at: at, phase: phase, step: len(j.Scenario.Mix), rank: j.Scenario.Phases[phase].Storm.Tenant}, true
	}
}

func (j *Job) poisson(stream int) *rand.Rand {
	if !j.Scenario.Load.Poisson {
		return nil
	}
	return j.random(stream)
}

// chance draws steps by their weights.
func (j *Job) chance() func() int {
	rng, sum := j.random(forSteps), 0.0
	for _, s := range j.Scenario.Mix {
		sum += s.Weight
	}
	return func() int { return pick(j.Scenario.Mix, rng.Float64()*sum) }
}

func pick(mix []scenario.Step, at float64) int {
	for i, s := range mix {
		if at < s.Weight {
			return i
		}
		at -= s.Weight
	}
	return len(mix) - 1
}
