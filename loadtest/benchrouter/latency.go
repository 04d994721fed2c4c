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

// share of its capacity at which the router's latency is taken.
const share = 0.6

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
	return errors.Join(b.compareLatency(ctx, all[0].Addr, all[1].Addr), b.halt(ctx, all...))
}

func (b *bench) compareLatency(ctx context.Context, router, haproxy netip.AddrPort) error {
	b.say("finding the router's capacity")
	capacity, err := b.capacity(ctx, router)
	if err != nil {
		return err
	}
	rate := share * capacity
	rounds, seconds := b.pick(21, 7), 1
	b.say("the router's capacity is %.0f requests/s; %d rounds of %d s at %.0f/s: back end alone, router, HAProxy", capacity, rounds, seconds, rate)
	targets := []netip.AddrPort{netip.AddrPortFrom(router.Addr(), uint16(b.setup.CellPorts[0])), router, haproxy}
	p99 := make([][]float64, len(targets))
	for round := range rounds {
		for i := range targets {
			i = (i + round) % len(targets)
			value, err := b.tail(ctx, targets[i], i == 0, round, rate, seconds)
			if err != nil {
				return fmt.Errorf("%s at %.0f/s: %w", []string{"back end", "router", "haproxy"}[i], rate, err)
			}
			p99[i] = append(p99[i], value)
		}
	}
	b.reportLatency(p99[0], p99[1], p99[2])
	return nil
}

func (b *bench) reportLatency(alone, router, haproxy []float64) {
	added := func(values []float64) float64 {
		var all []float64
		for round := range values {
			all = append(all, values[round]-alone[round])
		}
		return max(1, median(all)) // on a busy machine the difference may vanish
	}
	b.is("p99_added_latency_vs_haproxy", added(router)/added(haproxy))
	b.note("p99_alone", median(alone), "us", "back end without a proxy, from the intended time of each request")
	b.note("p99_router", median(router), "us", "")
	b.note("p99_haproxy", median(haproxy), "us", "")
}

// capacity is the rate of a closed loop, the best of three.
func (b *bench) capacity(ctx context.Context, addr netip.AddrPort) (float64, error) {
	best, count := 0.0, b.pick(60_000, 20_000)
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
func (b *bench) tail(ctx context.Context, addr netip.AddrPort, direct bool, round int, rate float64, seconds int) (float64, error) {
	count := int(rate) * seconds
	opts := b.load(addr, round*count, count)
	if direct {
		opts.Requests = anyCell{opts.Requests}
	}
	result, err := loadgen.Open(ctx, opts, rate)
	switch {
	case err != nil:
		return 0, err
	case result.Errors > 0: // what was refused is in the percentile, as endless
		return 0, result.Err()
	case result.Refused > 0:
		b.say("%d of %d refused: %v", result.Refused, result.Requests, result.First)
	}
	return float64(result.P(99)) / float64(time.Microsecond), nil
}

// anyCell takes an answer from whatever cell it comes: without a proxy, one
// answers for all.
type anyCell struct{ loadgen.Requests }

func (anyCell) AppendWant(b []byte, _ int) []byte { return append(b, "cell-"...) }
