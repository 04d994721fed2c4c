// Command bench-migration measures what a tenant and its neighbours notice of a
// live migration. It starts a platform of its own, moves tenants of several
// sizes between its two cells while their users write and read, and prints one
// line a figure; it exits 1 if any falls short of its bar.
//
// Latencies are taken from the intended time of each request, so that a stall
// counts for every request that it delays. The pause of one migration is the
// longest latency of a request that was under way during it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
)

func main() {
	var o options
	flag.BoolVar(&o.short, "short", false, "few moves of small tenants: minutes instead of an hour")
	flag.StringVar(&o.only, "only", "", "only the parts whose name begins with this, as in pauses-1mb, copy, drain, neighbours, verification")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-migration:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// plan is how much is moved.
type plan struct {
	sizes      []size
	neighbour  int64 // bytes of the tenant that moves while its neighbours are watched
	drained    int   // small tenants that leave a cell, eight at a time
	copyBytes  int64 // of the tenant whose copy is compared with psql's
	neighbours int
}

type size struct {
	name  string
	bytes int64
	moves int
}

// size returns the size of that name, nil if the plan has none.
func (p plan) size(name string) *size {
	for i := range p.sizes {
		if p.sizes[i].name == name {
			return &p.sizes[i]
		}
	}
	return nil
}

type options struct {
	short bool
	only  string
}

const mb = 1 << 20

var (
	whole = plan{
		sizes:     []size{{"1mb", mb, 60}, {"100mb", 100 * mb, 30}, {"1gb", 1024 * mb, 10}},
		neighbour: 1024 * mb, drained: 64, copyBytes: 512 * mb, neighbours: 8,
	}
	brief = plan{
		sizes:     []size{{"1mb", mb, 10}, {"20mb", 20 * mb, 4}},
		neighbour: 40 * mb, drained: 16, copyBytes: 100 * mb, neighbours: 4,
	}
)

func run(ctx context.Context, o options, out io.Writer) (ok bool, err error) {
	p := whole
	if o.short {
		p = brief
	}
	chosen, err := choose(o.only, p)
	if err != nil {
		return false, err
	}
	f, err := fleet.Start(ctx, "bench-migration", os.Stderr)
	if f != nil {
		defer func() {
			if closing := f.Close(); err == nil {
				err = closing
			}
		}()
	}
	if err != nil {
		return false, err
	}
	b := &bench{Fleet: f, plan: p, out: &figures.Figures{Out: out}, log: os.Stderr}
	err = b.run(ctx, chosen)
	return err == nil && b.out.OK(), err
}
