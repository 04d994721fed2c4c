package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// bench is one run.
type bench struct {
	options
	*figures
	*world
}

// measurement takes figures together.
type measurement struct {
	name string
	take func(context.Context) error
	long bool // not with -short
}

// measurements lists everything, in the order in which it is measured.
func (b *bench) measurements() []measurement {
	return []measurement{
		{name: "read_vs_pgbench", take: b.reads},
		{name: "insert_vs_pgbench", take: b.inserts},
		{name: "cached_cpu", take: b.cached},
		{name: "pgbouncer_clients", take: b.clients},
		{name: "jobs", take: b.jobs},
		{name: "read_p99_many_tenants", take: b.manyTenants, long: true},
	}
}

func run(ctx context.Context, opts options, f *figures) (ok bool, err error) {
	root, err := os.Getwd()
	if err != nil {
		return false, err
	}
	dir := filepath.Join(root, ".local", "bench-cell")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil { //nolint:gosec // Postgres' own user must get in
		return false, err
	}
	w := &world{pids: map[string]int{}, dir: dir, bin: filepath.Join(root, ".local", "bin")}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, w.stop(stopping), os.RemoveAll(dir))
	}()
	if err := w.start(ctx); err != nil {
		return false, err
	}
	b := &bench{opts, f, w}
	for _, m := range b.measurements() {
		if !b.only.MatchString(m.name) || m.long && b.short {
			continue
		}
		if err := m.take(ctx); err != nil {
			return false, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return f.ok(), nil
}

// turns measures sides in turns and returns what each brought, by round. The
// first round warms up and does not count.
func (b *bench) turns(sides ...func() (float64, error)) ([][]float64, error) {
	all := make([][]float64, len(sides))
	for round := range b.rounds() + 1 {
		for i := range sides {
			i = (i + round) % len(sides) // nobody is always first
			value, err := sides[i]()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], value)
			}
		}
	}
	return all, nil
}

// ratio is the median over the rounds of one side's value to another's.
func ratio(one, other []float64) float64 {
	var ratios []float64
	for round := range one {
		ratios = append(ratios, one[round]/other[round])
	}
	return median(ratios)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
