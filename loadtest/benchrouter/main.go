// Command benchrouter measures the router against HAProxy and nginx on this
// machine, and what the router promises besides. It prints one line a figure,
// then a table, and exits 1 if any figure falls short of its bar.
//
//	make bench-router                       everything, in less than ten minutes
//	make bench-router ARGS=-short           fewer tenants and requests, and no judgement of
//	                                        what a busy machine falsifies, for CI
//	make bench-router ARGS='-only cpu'      figures by regular expression
//
// CPU figures are ratios of the processor time that the operating system
// counted for the programs, taken in turns on one processor while generator and
// back end run on the other.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/coditect/platform/loadtest/benchrouter/internal/holder"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchrouter:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// command runs the benchmark, or one of the helpers that it starts from its own
// program.
func command(ctx context.Context, args []string) (ok bool, err error) {
	if len(args) > 1 && (args[0] == backendRole || args[0] == holder.Role) {
		return true, help(ctx, args[0], args[1:])
	}
	var only string
	opts := options{}
	f := flag.NewFlagSet("benchrouter", flag.ContinueOnError)
	f.IntVar(&opts.tenants, "tenants", 0, "tenants in the directory (default 1,000,000; 100,000 with -short)")
	f.BoolVar(&opts.short, "short", false, "fewer tenants and requests")
	f.StringVar(&only, "only", "", "measure only figures whose name this regular expression matches")
	f.StringVar(&opts.router, "router", "", "router program (default: built from this source)")
	if err := f.Parse(args); err != nil {
		return false, err
	}
	if opts.only, err = regexp.Compile(only); err != nil {
		return false, fmt.Errorf("-only: %w", err)
	}
	return run(ctx, opts, os.Stdout, os.Stderr)
}
