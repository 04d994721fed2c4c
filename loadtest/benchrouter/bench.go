package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/servers"
)

// bench is one run: the directory's files, the back end, and what is to be
// stopped at the end.
type bench struct {
	options
	*figures
	progress io.Writer
	begin    time.Time
	setup    contender.Setup
	stops    []func(context.Context) error
	backend  int       // its process
	identity *identity // once there is one
	redisURL string    // the same
}

func run(ctx context.Context, opts options, out, progress io.Writer) (ok bool, err error) {
	opts.setDefaults()
	b := &bench{options: opts, figures: &figures{out: out, inShort: opts.short}, progress: progress, begin: time.Now()}
	defer func() { err = errors.Join(err, b.stop(context.WithoutCancel(ctx))) }()
	if err := b.prepare(ctx); err != nil {
		return false, err
	}
	for _, m := range b.measurements() {
		if !b.wanted(m.promises) {
			continue
		}
		b.promised = append(b.promised, m.promises...)
		if err := m.take(ctx); err != nil {
			b.say("could not be measured: %v", err)
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		b.unmeasured(m.promises)
	}
	b.table()
	return b.ok(), nil
}

func (b *bench) wanted(promises []promise) bool {
	return slices.ContainsFunc(promises, func(p promise) bool { return b.only.MatchString(p.name) })
}

// say reports what is done now.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "%5.0fs  %s\n", time.Since(b.begin).Seconds(), fmt.Sprintf(format, args...))
}

// prepare makes what all measurements share: a directory of files, the
// router's program and the back end.
func (b *bench) prepare(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-router-")
	if err != nil {
		return err
	}
	b.stops = append(b.stops, func(context.Context) error { return os.RemoveAll(dir) })
	if err := b.buildRouter(ctx, dir); err != nil {
		return err
	}
	b.setup = contender.Setup{
		Dir: dir, Snapshot: filepath.Join(dir, "directory.snapshot"), HostMap: filepath.Join(dir, "hosts.map"),
		NginxMap: filepath.Join(dir, "hosts.conf"), IDMap: filepath.Join(dir, "ids.map"),
	}
	if b.setup.CellPorts, err = servers.FreePorts(workload.Cells); err != nil {
		return err
	}
	b.say("writing the directory of %d tenants, as a snapshot and as maps", b.tenants)
	return errors.Join(
		workload.WriteSnapshot(b.setup.Snapshot, b.tenants, endpoints(b.setup.CellPorts)),
		workload.WriteHostMap(b.setup.HostMap, b.tenants, ""),
		workload.WriteHostMap(b.setup.NginxMap, b.tenants, ";"),
		workload.WriteIDMap(b.setup.IDMap, b.tenants),
		b.startBackend(ctx),
	)
}

func endpoints(ports []int) []string {
	var urls []string
	for _, port := range ports {
		urls = append(urls, fmt.Sprintf("http://127.0.0.1:%d", port))
	}
	return urls
}

func (b *bench) buildRouter(ctx context.Context, dir string) error {
	if b.router != "" {
		return nil
	}
	b.say("building the router")
	b.router = filepath.Join(dir, "router-program")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.router, "./router/cmd/router").CombinedOutput(); err != nil {
		return fmt.Errorf("build the router (run this in the repository's root): %w\n%s", err, out)
	}
	return nil
}

// stop ends everything in the reverse order of its start.
func (b *bench) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var errs []error
	for i := len(b.stops) - 1; i >= 0; i-- {
		errs = append(errs, b.stops[i](ctx))
	}
	return errors.Join(errs...)
}
