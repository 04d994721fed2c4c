package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/testkit"
)

// rolloutPlace is a program that keeps cells' versions in files, and a Prometheus.
type rolloutPlace struct {
	dir, program, prometheus string
	burning                  atomic.Value // the cell that burns its budget
}

func newRolloutPlace(t *testing.T, term *terminal) *rolloutPlace {
	t.Helper()
	r := &rolloutPlace{dir: term.dir}
	r.burning.Store("")
	for _, cell := range []string{"cell-a", "cell-b", "cell-c"} {
		term.write(cell, "v1\n")
	}
	r.program = term.write("program", fmt.Sprintf(`#!/bin/sh
cd %q
case $1 in
  version) cat "$2" ;;
  apply) [ ! -e "refuse-$2" ] || { echo "the cluster of $2 is away" >&2; exit 1; }; echo "$3" > "$2" ;;
esac
`, term.dir))
	if err := os.Chmod(r.program, 0o700); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		value := "1"
		if query := q.URL.Query().Get("query"); strings.Contains(query, "slo:budget") && !strings.Contains(query, fmt.Sprintf("cell=%q", r.burning.Load())) {
			value = "0"
		} else if strings.Contains(query, "slo:budget") {
			value = "99"
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"slo":"CellLatency"},"value":[1,%q]}]}}`, value)
	}))
	t.Cleanup(server.Close)
	r.prometheus = server.URL
	return r
}

func (r *rolloutPlace) start(version string, more ...string) []string {
	return append([]string{
		"rollout", "start", version, "--program", r.program, "--prometheus", r.prometheus, "--bake", "1ms", "--check-every", "1ms",
		"--file", filepath.Join(r.dir, "rollout.json"),
	}, more...)
}

func (r *rolloutPlace) runs(t *testing.T, cell string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, cell))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestRolloutShowsItsPlanAsksAndIsDone(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, startPlane(t))
	r := newRolloutPlace(t, term)
	file := filepath.Join(r.dir, "rollout.json")

	term.run(r.start("v2", "--waves", "1,100%", "--dry-run")...).wants(t, 0, "WAVE", "cell-a", "pending", "wave 1 of 2")
	term.run(r.start("v2", "--waves", "1,100%")...).wants(t, cli.ExitUsage, "nobody is there to confirm it")
	term.person("v3\n")
	term.run(r.start("v2")...).wants(t, 1, "not confirmed, nothing was changed")
	if _, err := os.Stat(file); err == nil || r.runs(t, "cell-a") != "v1" {
		t.Fatalf("something was begun: %v", err)
	}
	term.person("v2\n")
	term.run(r.start("v2", "--canary", "cell-b", "--waves", "1,100%")...).wants(t, 0, "wave 1 of 2: cell-b gets v2", "v2 runs in 3 cells")
	for _, cell := range []string{"cell-a", "cell-b", "cell-c"} {
		if got := r.runs(t, cell); got != "v2" {
			t.Errorf("%s runs %s", cell, got)
		}
	}
	term.run("rollout", "status", "--file", file).wants(t, 0, "done", "new")
	term.run(r.start("v3", "--yes")...).wants(t, cli.ExitConflict, "is there already")
	term.run(r.start("v2", "--yes", "--file", file+".2")...).wants(t, 1, "every cell has version v2 already")
	term.run("rollout", "abort", "--file", file).wants(t, cli.ExitUndone, "an operator aborted it")
	if got := r.runs(t, "cell-a"); got != "v1" {
		t.Errorf("cell-a runs %s", got)
	}
}

func TestRolloutIsTakenBack(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, startPlane(t))
	r := newRolloutPlace(t, term)
	term.write("refuse-cell-c", "")
	term.run(r.start("v2", "--yes", "--waves", "100%", "--cells", "cell-a,cell-c", "--canary", "cell-a")...).wants(t, 1,
		"the cluster of cell-c is away", "taking v2 back", "could not be taken back from cell-c", "cellctl rollout resume --file")
	if got := r.runs(t, "cell-a"); got != "v1" {
		t.Errorf("cell-a runs %s", got)
	}
	if err := os.Remove(filepath.Join(r.dir, "refuse-cell-c")); err != nil {
		t.Fatal(err)
	}
	term.run("rollout", "resume", "--file", filepath.Join(r.dir, "rollout.json")).wants(t, cli.ExitUndone, "every cell runs what it had")
}

func TestRolloutRefuses(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, startPlane(t))
	r := newRolloutPlace(t, term)
	r.burning.Store("cell-b")
	term.run(r.start("v2", "--yes")...).wants(t, cli.ExitConflict, "not begun: CellLatency of cell-b burns its budget 99 times too fast", "nothing was changed")
	term.run(r.start("v2", "--yes", "--waves", "1")...).wants(t, cli.ExitUsage, "end with 100%")
	term.run(r.start("v2", "--yes", "--cells", "cell-x")...).wants(t, 1, "there is no cell cell-x")
	term.run(r.start("v2", "--yes", "--bake", "-1s")...).wants(t, cli.ExitUsage, "above zero")
	term.run("rollout", "start", "v2").wants(t, cli.ExitUsage, "required")
	term.run("rollout", "resume", "--file", filepath.Join(r.dir, "none.json")).wants(t, 1, "there is no rollout")
	if got := r.runs(t, "cell-a"); got != "v1" {
		t.Errorf("cell-a runs %s", got)
	}
}

func TestRolloutIsResumed(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, startPlane(t))
	r := newRolloutPlace(t, term)
	file := filepath.Join(r.dir, "rollout.json")
	ctx, cancel := context.WithCancel(t.Context())
	args := append(r.start("v2", "--yes", "--canary", "cell-a", "--waves", "1,100%"), "--bake", "1h", "--check-every", "1ms")
	done := make(chan result, 1)
	go func() { done <- term.runContext(ctx, args...) }()
	testkit.Eventually(t, "cell-a has v2", func() bool { return r.runs(t, "cell-a") == "v2" })
	cancel()
	(<-done).wants(t, 1, "interrupted", "cellctl rollout resume --file "+file)
	term.run("rollout", "status", "--file", file, "-o", "json").wants(t, 0, `"wave": 0`)
	term.run("rollout", "abort", "--file", file).wants(t, cli.ExitUndone, "every cell runs what it had")
	if got := r.runs(t, "cell-a"); got != "v1" {
		t.Errorf("cell-a runs %s", got)
	}
}
