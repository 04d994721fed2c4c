package main

import "context"

// manyCount is how many tenants a full cell holds.
const manyCount = 200_000

// manyTenants compares the tail of point reads among many tenants with that
// among few. It comes last: the database stays full.
func (b *bench) manyTenants(ctx context.Context) error {
	p99 := func(targets []target) (float64, error) {
		var all []float64
		for round := range b.rounds() + 1 {
			m, err := b.store(ctx, "read", targets, b.turn())
			if err != nil {
				return 0, err
			}
			if round > 0 {
				all = append(all, float64(m.P99))
			}
		}
		return median(all), nil
	}
	few, err := p99(b.targets)
	if err != nil {
		return err
	}
	if err := b.load(ctx, tenantCount, manyCount); err != nil {
		return err
	}
	targets := make([]target, manyCount)
	for n := range targets {
		targets[n] = targetOf(n)
	}
	many, err := p99(targets)
	if err != nil {
		return err
	}
	b.atMost("read_p99_many_tenants", many/few, "x", 1.5)
	b.note("read_p99_few", few/1000, "ms", "among 1,000 tenants")
	b.note("read_p99_many", many/1000, "ms", "among 200,000 tenants with 2,000,000 projects")
	return nil
}
