package servers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// asParent makes this test binary a program that starts an attached process,
// prints its identity and then waits to be killed.
const asParent = "SERVERS_TEST_AS_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asParent); dir != "" {
		if err := beParent(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func beParent(dir string) error {
	process, err := servers.Start(shell(dir, "child", "exec sleep 600"), servers.Attached)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(process.ID()); err != nil {
		return err
	}
	<-process.Done()
	return nil
}

func shell(dir, name, script string) servers.Spec {
	return servers.Spec{
		Name: name, Path: "/bin/sh", Args: []string{"-c", script},
		Env: []string{"PATH=/usr/bin:/bin"}, Dir: dir, Log: filepath.Join(dir, name+".log"),
	}
}

func TestAttachedProcessDiesWithItsParent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asParent+"="+t.TempDir())
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var child servers.Identity
	if err := json.NewDecoder(output).Decode(&child); err != nil {
		t.Fatal(err)
	}
	if !child.Alive() {
		t.Fatal("the child does not run")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	awaitEnd(t, child)
}

// awaitEnd uses Stop with signal 0, which waits and only waits.
func awaitEnd(t *testing.T, id servers.Identity) {
	t.Helper()
	begin := time.Now()
	if err := id.Stop(t.Context(), syscall.Signal(0), 20*time.Second); err != nil || time.Since(begin) >= 20*time.Second {
		t.Errorf("process %d still runs (%v)", id.PID, err)
	}
}

func TestProcessThatEndsEarlyShowsItsLog(t *testing.T) {
	t.Parallel()
	spec := shell(t.TempDir(), "broken", "echo first; echo 'cannot go on' >&2; exit 3")
	spec.Ready = func(context.Context) error { return errors.New("connection refused") }
	_, err := servers.Run(t.Context(), spec, servers.Attached)
	var failed *servers.FailedError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"broken", "exit status 3", "first", "cannot go on", spec.Log} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q misses %q", err, part)
		}
	}
}

func TestProcessThatNeverGetsReadyIsStopped(t *testing.T) {
	t.Parallel()
	spec := shell(t.TempDir(), "slow", "echo $$ > pid; exec sleep 600")
	spec.ReadyWithin = 50 * time.Millisecond
	spec.Ready = func(context.Context) error { return errors.New("not yet") }
	if _, err := servers.Run(t.Context(), spec, servers.Attached); err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("got %v", err)
	}
}

func TestStopKillsWhatIgnoresTheSignal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := shell(dir, "deaf", "trap '' TERM; touch trapped; while :; do sleep 600; done")
	spec.StopWithin = 50 * time.Millisecond
	spec.Ready = func(context.Context) error { _, err := os.Stat(filepath.Join(dir, "trapped")); return err }
	process, err := servers.Run(t.Context(), spec, servers.Detached)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if process.ID().Alive() {
		t.Error("it still runs")
	}
}

func TestRecycledPidIsNotSignalled(t *testing.T) {
	t.Parallel()
	process, err := servers.Start(shell(t.TempDir(), "innocent", "exec sleep 600"), servers.Attached)
	if err != nil {
		t.Fatal(err)
	}
	defer process.Stop(context.WithoutCancel(t.Context()))
	other := process.ID()
	other.Started-- // what a recycled pid looks like
	if other.Alive() {
		t.Error("taken for the earlier process")
	}
	if err := other.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal: %v", err)
	}
	if err := errors.Join(other.Kill(t.Context()), other.Stop(t.Context(), syscall.SIGKILL, time.Second)); err != nil {
		t.Error(err)
	}
	if !process.ID().Alive() {
		t.Error("the innocent process was hit")
	}
}

func TestMissingProgramSaysWhatToDo(t *testing.T) {
	t.Parallel()
	spec := shell(t.TempDir(), "absent", "")
	spec.Path = "/nowhere/server"
	if _, err := servers.Start(spec, servers.Attached); err == nil || !strings.Contains(err.Error(), "install.sh") {
		t.Errorf("got %v", err)
	}
}

func TestServersMayOpenAsManyFilesAsTheUserMay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := shell(dir, "limits", `[ "$(ulimit -Sn)" = "$(ulimit -Hn)" ] && touch same; exec sleep 600`)
	spec.Ready = func(context.Context) error { _, err := os.Stat(filepath.Join(dir, "same")); return err }
	run(t, spec)
}
