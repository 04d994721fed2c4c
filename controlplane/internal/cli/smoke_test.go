package cli_test

import (
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
)

func TestCellSmokeUncordonsWhatPasses(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("cell", "smoke", "cell-a").wants(t, 0, "CHECK", "schema 40, 31 tables", "passed and stays active")
	term.run("cell", "cordon", "cell-a")
	term.run("cell", "smoke", "cell-a", "--keep-cordoned", "-o", "jsonl").wants(t, 0, `"passed":true`, "passed and stays cordoned")
	term.run("cell", "smoke", "cell-a").wants(t, 0, "passed and is active")
	term.run("cell", "show", "cell-a").wants(t, 0, "active")
}

func TestCellSmokeLeavesWhatFails(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("cell", "cordon", "cell-a")
	plane.mu.Lock()
	plane.broken = true
	plane.mu.Unlock()
	term.run("cell", "smoke", "cell-a").wants(t, cli.ExitMismatch, "failed", "the database does not answer", "stays cordoned", "cellctl cell smoke cell-a")
	term.run("cell", "show", "cell-a").wants(t, 0, "cordoned")
	term.run("cell", "smoke", "cell-x").wants(t, 1, "no such cell", "cellctl cell ls")
}
