package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// contest is CPU time per request of several programs that do the same work.
// They are measured in turns, round after round: the machine's other
// load changes slowly, so it falls out of the ratios within a round.
type contest struct {
	contenders []*contender.Contender
	requests   loadgen.Requests
	rounds     int
	count      int // requests a contender and round
	processor  int // of the generator
}

// costs is nanoseconds of CPU per request, by contender and round.
type costs [][]float64

func (b *bench) measure(ctx context.Context, c contest) (costs, error) {
	all := make(costs, len(c.contenders))
	for round := range c.rounds + 1 {
		for i := range c.contenders {
			i = (i + round) % len(c.contenders) // nobody is always first
			cost, err := c.turn(ctx, i, round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.contenders[i].Name, err)
			}
			if round > 0 { // the first one opens connections and fills caches
				all[i] = append(all[i], cost)
			}
		}
	}
	return all, nil
}

func (c *contest) turn(ctx context.Context, i, round int) (float64, error) {
	p := c.contenders[i]
	before, err := p.CPU()
	if err != nil {
		return 0, err
	}
	result, err := loadgen.Closed(ctx, loadgen.Options{
		To: p.Addr, Connections: connections, Requests: c.requests, From: round * c.count, Count: c.count,
		AnswerSize: workload.AnswerSize, Processor: c.processor,
	})
	if err != nil {
		return 0, err
	}
	if err := result.Err(); err != nil {
		return 0, err
	}
	after, err := p.CPU()
	return float64((after - before).Nanoseconds()) / float64(c.count), err
}

// ratio is the median over the rounds of the first contender's cost to another's.
func (c costs) ratio(to int) float64 {
	var ratios []float64
	for round := range c[0] {
		ratios = append(ratios, c[0][round]/c[to][round])
	}
	return median(ratios)
}

// micros is the median of one contender's costs.
func (c costs) micros(i int) float64 { return median(c[i]) / float64(time.Microsecond) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
