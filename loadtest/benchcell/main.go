// Command benchcell measures a cell on this machine: its store against pgbench
// running the same statements, its API with and without Redis, many connections
// through PgBouncer. It prints one line a figure and exits 1 if any falls short
// of its bar.
//
//	make bench-cell                       everything
//	make bench-cell ARGS=-short           shorter turns, without the 200,000 tenants
//	make bench-cell ARGS='-only cached'   figures by regular expression
//
// Who is compared is measured in turns, round after round: the machine's other
// load changes slowly, so it falls out of the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// options is what the command line says.
type options struct {
	short bool
	only  *regexp.Regexp
}

// turn is how long one side is measured at a time, rounds how often.
func (o *options) turn() time.Duration {
	if o.short {
		return 3 * time.Second
	}
	return 6 * time.Second
}

func (o *options) rounds() int {
	if o.short {
		return 2
	}
	return 5
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchcell:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) (ok bool, err error) {
	var only string
	opts := options{}
	f := flag.NewFlagSet("benchcell", flag.ContinueOnError)
	f.BoolVar(&opts.short, "short", false, "shorter turns, fewer tenants and connections")
	f.StringVar(&only, "only", "", "take only measurements whose name this regular expression matches")
	if err := f.Parse(args); err != nil {
		return false, err
	}
	if opts.only, err = regexp.Compile(only); err != nil {
		return false, fmt.Errorf("-only: %w", err)
	}
	return run(ctx, opts, &figures{out: os.Stdout})
}
