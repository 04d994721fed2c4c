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

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/report"
)

// bench is one run.
type bench struct {
	figures *figures.Figures
	said    io.Writer // progress
	short   bool

	dir     string // scenarios and reports
	program string // the load tester
	fleet   *fleet.Fleet
}

const platformName = "bench-loadtest" // its directory is .local/bench-loadtest

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.said, "· "+format+"\n", args...) }

// note prints what has no bar.
func (b *bench) note(name string, value float64, unit, what string) {
	fmt.Fprintf(b.figures.Out, "note %s %.4g %s: %s\n", name, value, unit, what)
}

// pick returns full, or short if that was asked for.
func pick[T any](b *bench, full, short T) T {
	if b.short {
		return short
	}
	return full
}

// prepare builds the load tester, and starts a platform if one is needed.
func (b *bench) prepare(ctx context.Context, platform bool) (err error) {
	if b.dir, err = os.MkdirTemp("", platformName+"-*"); err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	b.program = filepath.Join(root, ".local", "bin", "loadtest")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.program, "./loadtest/cmd/loadtest").CombinedOutput(); err != nil {
		return fmt.Errorf("build the load tester: %w\n%s", err, out)
	}
	if platform {
		b.fleet, err = fleet.Start(ctx, platformName, b.said)
	}
	return err
}

func (b *bench) close() error {
	var err error
	if b.fleet != nil {
		err = b.fleet.Close()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

// path is where a file of this run is.
func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) state() local.State { return b.fleet.Platform.State() }

// ran is what a run of the load tester was.
type ran struct {
	cpu, took time.Duration // of the process and its children
	code      int
	output    string
}

// loadtest runs the program to its end. That it exits with another code than 0
// is no error here.
func (b *bench) loadtest(ctx context.Context, args ...string) (ran, error) {
	if b.fleet != nil {
		args = append(args, "--platform", filepath.Join(".local", platformName, "platform.json"))
	}
	return execute(exec.CommandContext(ctx, b.program, args...))
}

func execute(command *exec.Cmd) (ran, error) {
	begun := time.Now()
	out, err := command.CombinedOutput()
	r := ran{took: time.Since(begun), output: string(out)}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return r, err
	}
	r.code, r.cpu = command.ProcessState.ExitCode(), command.ProcessState.UserTime()+command.ProcessState.SystemTime()
	return r, nil
}

// load sends a scenario's load. One that says nothing, or misses its
// thresholds, is an error.
func (b *bench) load(ctx context.Context, name, text string) (*report.Document, ran, error) {
	file := b.path(name + ".yaml")
	const mode = 0o600
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		return nil, ran{}, err
	}
	r, err := b.loadtest(ctx, "run", file, "--out", b.path(name), "--quiet")
	if err == nil && r.code != 0 {
		err = fmt.Errorf("loadtest run: exit code %d: %s", r.code, r.output)
	}
	if err != nil {
		return nil, r, err
	}
	d, err := report.Read(b.path(name + ".json"))
	return d, r, err
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
