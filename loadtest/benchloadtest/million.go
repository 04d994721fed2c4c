package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// seed fills the directory as 'loadtest seed' does.
func (b *bench) seed(ctx context.Context) error {
	count := b.tenants()
	r, err := b.loadtest(ctx, "seed", b.path("million.ndjson"), "--tenants", fmt.Sprint(count), "--directory-only")
	if err == nil && r.code != 0 {
		err = fmt.Errorf("loadtest seed: exit code %d: %s", r.code, r.output)
	}
	if err != nil {
		return err
	}
	b.note("seeded", float64(count), "tenants", fmt.Sprintf("in the directory, in %.0f s", r.took.Seconds()))
	b.figures.AtLeast("seeded_tenants", float64(count)/r.took.Seconds(), "tenants/s", 1_000_000/240)
	return nil
}

func (b *bench) tenants() int { return pick(b, 1_000_000, 100_000) }

// million compares the p99 of requests for tenants among a million with that of
// requests for tenants among a thousand, in turns, through the same router: it looks each
// up, and the cell refuses it, which is all that is measured.
func (b *bench) million(ctx context.Context) error {
	routers := b.state().Endpoints.Routers
	target := routers[slices.Sorted(maps.Keys(routers))[0]].URL
	take := func(count int) (float64, error) {
		d, _, err := b.load(ctx, fmt.Sprintf("zipf-%d", count), fmt.Sprintf(`name: zipf
seed: 5
target: {url: %q, domain: localhost}
tenants: {slugs: "seed-%%07d", count: %d, choose: zipf, exponent: 1.1}
load: {model: open, arrivals: constant, connections: 64, timeout: 10s}
phases:
  - {name: ramp, for: 5s, from: 100, to: %d, warmup: true}
  - {name: soak, for: %s, rate: %d}
mix:
  - {step: http, name: resolve, weight: 1, method: GET, path: /v1/organization, expect: [401]}
`, target, count, millionRate, pick(b, "20s", "10s"), millionRate))
		if err != nil {
			return 0, err
		}
		return d.Summary.Response.P99, nil
	}
	var ratios, many, few []float64
	for range pick(b, 5, 3) {
		small, err := take(fewTenants)
		if err != nil {
			return err
		}
		large, err := take(b.tenants())
		if err != nil {
			return err
		}
		ratios, many, few = append(ratios, large/small), append(many, large), append(few, small)
	}
	b.figures.AtMost("million_p99", median(ratios), "x", 1.3)
	b.note("million_p99_many", median(many), "ms", fmt.Sprintf("among %d tenants, at %d/s", b.tenants(), millionRate))
	b.note("million_p99_few", median(few), "ms", fmt.Sprintf("among %d", fewTenants))
	return nil
}

const (
	millionRate = 2000
	fewTenants  = 1000
)
