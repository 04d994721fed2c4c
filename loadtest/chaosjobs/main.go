// Command chaosjobs kills what jobs need, with SIGKILL and again and again:
// worker, broker, database and API of a cell, while its tenants' users ask for
// jobs all the time. In the end a ledger compares: what was acknowledged has had
// its effect exactly once.
//
//	make chaos-jobs                50 kills
//	make chaos-jobs ARGS=-short    two of each process
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
)

type options struct {
	kills int
	seed  uint64
}

func main() {
	var o options
	var short bool
	flag.IntVar(&o.kills, "kills", 50, "how many")
	flag.BoolVar(&short, "short", false, "two kills of each process")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "who is killed, and when")
	flag.Parse()
	if short {
		o.kills = 2 * len(victims)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaosjobs:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (ok bool, err error) {
	f, err := fleet.Start(ctx, "chaos-jobs", os.Stderr)
	if f != nil {
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	if err != nil {
		return false, err
	}
	l, err := newLedger(ctx, f)
	if err != nil {
		return false, err
	}
	working, giveUp := context.WithCancel(ctx)
	defer giveUp()
	l.start(working)
	_, _ = fmt.Fprintf(out, "seed %d\n", o.seed)
	err = storm{fleet: f, ledger: l, rand: rand.New(rand.NewPCG(o.seed, 0)), out: out}.blow(ctx, o.kills)
	if err != nil {
		giveUp()
		l.stop()
		return false, err
	}
	l.stop()
	calm := time.Now()
	if err := l.awaitRest(ctx); err != nil {
		_, _ = fmt.Fprintln(out, "note", err)
	}
	v, err := l.compare(ctx)
	if err != nil {
		return false, err
	}
	return v.print(out, o.kills, time.Since(calm)), nil
}
