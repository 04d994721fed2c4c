// Command bench-loadtest measures the load tester itself: what a request costs it
// compared with wrk, whether it reports a stall as users felt it, how fast it
// seeds, and whether its capacity runs repeat. It runs the program as its users do, against
// servers of its own and a platform of its own, prints one line a figure, and
// exits 1 if any falls short of its bar.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"

	"github.com/coditect/platform/loadtest/internal/figures"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-loadtest:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// measurement takes figures together.
type measurement struct {
	name     string
	platform bool // needs one
	long     bool // not with -short
	take     func(*bench, context.Context) error
}

// measurements lists everything, in the order in which it is measured.
var measurements = []measurement{
	{name: "generator_cpu_vs_wrk", take: (*bench).generator},
	{name: "stall_p99", take: (*bench).stall},
	{name: "seeded_tenants", platform: true, take: (*bench).seed},
	{name: "million_p99", platform: true, take: (*bench).million},
	{name: "connections_errors", platform: true, take: (*bench).connections},
	{name: "capacity_spread", platform: true, long: true, take: (*bench).repeat},
}

func command(ctx context.Context, args []string, out, said io.Writer) (ok bool, err error) {
	b := &bench{figures: &figures.Figures{Out: out}, said: said}
	var only string
	f := flag.NewFlagSet("bench-loadtest", flag.ContinueOnError)
	f.BoolVar(&b.short, "short", false, "a tenth of everything, and no capacity runs: minutes instead of half an hour")
	f.StringVar(&only, "only", "", "measure only figures whose name this regular expression matches")
	if err := f.Parse(args); err != nil {
		return false, err
	}
	pattern, err := regexp.Compile(only)
	if err != nil {
		return false, fmt.Errorf("-only: %w", err)
	}
	wanted := slices.DeleteFunc(slices.Clone(measurements), func(m measurement) bool { return m.long && b.short || !pattern.MatchString(m.name) })
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.prepare(ctx, slices.ContainsFunc(wanted, func(m measurement) bool { return m.platform })); err != nil {
		return false, err
	}
	for _, m := range wanted {
		b.say("%s", m.name)
		if err := m.take(b, ctx); err != nil {
			return false, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return b.figures.OK(), nil
}
