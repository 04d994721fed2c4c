package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

const (
	share    = 0.6                    // of the router's capacity: the rate of the comparison
	turn     = 300 * time.Millisecond // of one target at a time: short, so that a stall of the machine falls into few
	warmUp   = turn / 2               // before it
	fewTurns = 5                      // undisturbed ones of each target, for these alone to count

	// A turn in which other programs used more than this share of one processor
	// says more of the scheduler than of the target.
	disturbance = 0.1
)

// addedLatency compares what router and HAProxy add to the 99th percentile of
// the back end alone, at one and the same rate.
func (b *bench) addedLatency(ctx context.Context) error {
	s, _ := b.threads(1)
	b.say("starting router and HAProxy, 1 thread each, with %d tenants", b.tenants)
	all, err := b.launch(ctx,
		func() (*contender.Contender, error) { return b.startRouter(&s, "router") },
		func() (*contender.Contender, error) { return contender.HAProxy(&s) },
	)
	if err != nil {
		return err
	}
	return errors.Join(b.compareLatency(ctx, all), b.halt(ctx, all...))
}

// target is what a latency is taken of.
type target struct {
	name  string
	addr  netip.AddrPort
	alone bool      // no proxy: one cell answers for all
	quiet []float64 // 99th percentiles of undisturbed turns, in microseconds
	all   []float64 // of every turn
}

func (b *bench) compareLatency(ctx context.Context, contenders []*contender.Contender) error {
	b.say("finding the router's capacity")
	capacity, err := b.capacity(ctx, contenders[0].Addr)
	if err != nil {
		return err
	}
	rate, wanted, most := share*capacity, b.pick(45, 4), b.pick(90, 6)
	b.say("the router's capacity is %.0f requests/s; %d undisturbed turns of %s at %.0f/s, %d at most: back end alone, router, HAProxy", capacity, wanted, turn, rate, most)
	targets := []*target{
		{name: "back end", addr: netip.AddrPortFrom(contenders[0].Addr.Addr(), uint16(b.setup.CellPorts[0])), alone: true},
		{name: "router", addr: contenders[0].Addr},
		{name: "HAProxy", addr: contenders[1].Addr},
	}
	for round := 0; round < most && fewest(targets) < wanted; round++ {
		for i := range targets {
			t := targets[(i+round)%len(targets)]
			if err := b.takeTurn(ctx, t, contenders, round, rate); err != nil {
				return fmt.Errorf("%s at %.0f/s: %w", t.name, rate, err)
			}
		}
	}
	b.say("undisturbed turns of %d: back end %d, router %d, HAProxy %d", len(targets[0].all), len(targets[0].quiet), len(targets[1].quiet), len(targets[2].quiet))
	b.reportLatency(targets)
	return nil
}

// fewest is how many undisturbed turns every target has.
func fewest(targets []*target) int {
	n := len(targets[0].quiet)
	for _, t := range targets {
		n = min(n, len(t.quiet))
	}
	return n
}

func (b *bench) takeTurn(ctx context.Context, t *target, contenders []*contender.Contender, round int, rate float64) error {
	before, err := b.strangers(contenders)
	if err != nil {
		return err
	}
	began := time.Now()
	p99, err := b.tail(ctx, t, round, rate)
	if err != nil {
		return err
	}
	took := time.Since(began)
	after, err := b.strangers(contenders)
	if err != nil {
		return err
	}
	t.all = append(t.all, p99)
	if float64(after-before) <= disturbance*float64(took) {
		t.quiet = append(t.quiet, p99)
	}
	return nil
}

func (b *bench) reportLatency(targets []*target) {
	p99 := make([]float64, len(targets))
	for i, t := range targets {
		p99[i] = median(t.all)
		if fewest(targets) >= fewTurns {
			p99[i] = median(t.quiet)
		}
	}
	// The clock's grain bounds the difference from below.
	added := func(i int) float64 { return max(1, p99[i]-p99[0]) }
	b.is("p99_added_latency_vs_haproxy", added(1)/added(2))
	b.note("p99_alone", p99[0], "us", "back end without a proxy, from the intended time of each request")
	b.note("p99_router", p99[1], "us", "")
	b.note("p99_haproxy", p99[2], "us", "")
	if fewest(targets) < fewTurns {
		b.note("p99_undisturbed_turns", float64(fewest(targets)), "turns", "too few: other programs were busy, all turns count, believe nothing")
	}
}

// capacity is the rate of a closed loop, the best of three.
func (b *bench) capacity(ctx context.Context, addr netip.AddrPort) (float64, error) {
	best, count := 0.0, b.pick(60_000, 5_000)
	for i := range 3 {
		result, err := loadgen.Closed(ctx, b.load(addr, i*count, count))
		if err == nil {
			err = result.Err()
		}
		if err != nil {
			return 0, err
		}
		best = max(best, result.Rate())
	}
	return best, nil
}

func (b *bench) load(addr netip.AddrPort, from, count int) loadgen.Options {
	return loadgen.Options{
		To: addr, Connections: connections, Requests: &workload.Requests{Tenants: b.tenants}, From: from, Count: count,
		AnswerSize: workload.AnswerSize, Processor: ourProcessor,
	}
}

// tail is the 99th percentile of the latency at a rate, in microseconds.
func (b *bench) tail(ctx context.Context, t *target, round int, rate float64) (float64, error) {
	first := int(rate * warmUp.Seconds())
	count := first + int(rate*turn.Seconds())
	opts := b.load(t.addr, round*count, count)
	opts.WarmUp = first
	if t.alone {
		opts.Requests = anyCell{opts.Requests}
	}
	result, err := loadgen.Open(ctx, opts, rate)
	switch {
	case err != nil:
		return 0, err
	case result.Errors > 0: // what was refused is in the percentile, as endless
		return 0, result.Err()
	case result.Refused > 0:
		b.say("%s refused %d of %d: %v", t.name, result.Refused, result.Requests, result.First)
	}
	return float64(result.P(99)) / float64(time.Microsecond), nil
}

// anyCell takes an answer from whatever cell it comes: without a proxy, one
// answers for all.
type anyCell struct{ loadgen.Requests }

// AppendWant appends how every cell's answer begins.
func (anyCell) AppendWant(b []byte, _ int) []byte { return append(b, "cell-"...) }
