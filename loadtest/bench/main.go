// Command bench measures what the platform promises and prints one line a
// figure; it exits 1 if any falls short of its bar. It starts a platform of its
// own on free ports, fills its directory with a million tenants, and asks.
//
// Latencies are taken from the intended time of each request, so that a stall
// counts for every request that it delays.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
)

func main() {
	tenants := flag.Int("tenants", 1_000_000, "tenants in the directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := run(ctx, *tenants, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run measures every figure. The platform's own progress goes to standard
// error, so that standard output holds figures only.
func run(ctx context.Context, tenants int, out io.Writer) (ok bool, err error) {
	p, err := start(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if nukeErr := p.Nuke(stopping); nukeErr != nil && err == nil {
			err = nukeErr
		}
	}()
	f := &figures.Figures{Out: out}
	for _, measure := range []func(context.Context, *local.Platform, *figures.Figures) error{
		signUps,
		importIntoCells,
		func(ctx context.Context, p *local.Platform, f *figures.Figures) error {
			return importDirectory(ctx, p, f, tenants)
		},
		snapshot,
		settle,
		coldLookups,
		freshness,
	} {
		if err := measure(ctx, p, f); err != nil {
			return false, err
		}
	}
	return f.OK(), nil
}

func start(ctx context.Context) (*local.Platform, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	ports, err := local.FreePorts()
	if err != nil {
		return nil, err
	}
	p, err := local.New(local.Options{
		Root: root, Dir: filepath.Join(root, ".local", "bench"), BinDir: filepath.Join(root, ".local", "bin"), Ports: ports, WithoutTenants: true, Attached: true, Out: os.Stderr,
	})
	if err != nil {
		return nil, err
	}
	return p, p.Up(ctx)
}
