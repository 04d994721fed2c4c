// Command chaos moves tenants from cell to cell while something breaks: every
// stage of a migration × every process × every fault. Users write and read all
// the time and remember what they were told; behind each fault the tenant must
// be live in exactly one cell within thirty seconds, with nothing that was
// acknowledged lost, doubled or read stale.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
)

func main() {
	var o options
	flag.BoolVar(&o.short, "short", false, "a sample: every stage, process and fault once or twice")
	flag.StringVar(&o.only, "only", "", "only cases whose name contains this, as in copy/cell-b-api or /kill")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "order and sample")
	flag.StringVar(&o.table, "table", "", "file to write the whole table to, in Markdown")
	flag.DurationVar(&o.limit, "limit", 12*time.Hour, "begin no case after this time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

type options struct {
	short bool
	only  string
	seed  uint64
	table string
	limit time.Duration
}

func run(ctx context.Context, o options, out io.Writer) (ok bool, err error) {
	cases := chosen(o)
	if len(cases) == 0 {
		return false, fmt.Errorf("no case contains %q; a name is STAGE/PROCESS/FAULT: %s / %s / %s", o.only,
			strings.Join(stages, ", "), strings.Join(processes, ", "), strings.Join(faultNames(), ", "))
	}
	f, err := fleet.StartProxied(ctx, "chaos", os.Stderr)
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
	begun := time.Now()
	t := &table{}
	for i, c := range cases {
		if ctx.Err() != nil || time.Since(begun) > o.limit {
			break
		}
		o := attempt(ctx, f, c)
		t.add(c, o)
		_, _ = fmt.Fprintf(out, "%3d of %d  %-44s %s\n", i+1, len(cases), c, o)
	}
	if o.table != "" {
		if err := os.WriteFile(o.table, []byte(t.markdown(o.seed)), 0o644); err != nil { //nolint:gosec // a document
			return false, err
		}
	}
	return t.figures(out), nil
}

// chosen lists the cases of this run in an order that its seed gives.
func chosen(o options) []testCase {
	var cases []testCase
	for _, c := range allCases() {
		if strings.Contains(c.String(), o.only) {
			cases = append(cases, c)
		}
	}
	r := rand.New(rand.NewPCG(o.seed, 0))
	r.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	if o.short {
		cases = sample(cases)
	}
	return cases
}

// sample keeps, in their order, cases that have a stage, process or fault that
// none before them had.
func sample(cases []testCase) []testCase {
	seen := map[string]bool{}
	var kept []testCase
	for _, c := range cases {
		if seen[c.stage] && seen[c.process] && seen[c.fault] {
			continue
		}
		seen[c.stage], seen[c.process], seen[c.fault] = true, true, true
		kept = append(kept, c)
	}
	return kept
}
