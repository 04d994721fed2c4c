// Command storeload drives a cell's store as the API does, without HTTP: one
// caller after the other reads or creates a project. make bench-cell compares it
// with pgbench running the same statements. It reads targets, one JSON object a
// line, from standard input and writes one JSON object with what it measured.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coditect/platform/cell/internal/citus"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Getenv("CELL_DATABASE_URL"), os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "storeload:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, dsn string, in io.Reader, out io.Writer) error {
	l := load{}
	f := flag.NewFlagSet("storeload", flag.ContinueOnError)
	f.StringVar(&l.op, "op", opRead, "read or insert")
	f.IntVar(&l.conns, "conns", 16, "connections, and callers at once")
	f.DurationVar(&l.span, "for", 5*time.Second, "how long")
	if err := f.Parse(args); err != nil {
		return err
	}
	if dsn == "" {
		return errors.New("CELL_DATABASE_URL: set it to the URL of the role cell_app")
	}
	targets, err := readTargets(in)
	if err != nil {
		return err
	}
	store, err := citus.OpenStore(ctx, dsn, int32(l.conns))
	if err != nil {
		return err
	}
	defer store.Close()
	l.store, l.targets = store, targets
	result, err := l.run(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}
