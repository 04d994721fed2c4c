package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cli"
)

func TestMigrateShowsProgressAndResult(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	r := term.run("migrate", "acme", "--to", "cell-b", "--yes")
	r.wants(t, 0, "tenant acme is live in cell-b after a write pause of 19 ms (predicted: 21 ms); until 2026-11-23 13:00:00 UTC: cellctl migration rollback acme")
	for _, line := range []string{"copy, table 4 of 9, 500 of about 1,000 rows", "about 2s left", "verify, behind by 0 B", "cutover, pause of about 21 ms predicted"} {
		if !strings.Contains(r.stderr, line) {
			t.Errorf("progress has no %q:\n%s", line, r.stderr)
		}
	}
}

func TestMigrateTellsHowItWasUndone(t *testing.T) {
	t.Parallel()
	for code, exit := range map[string]int{string(controlplane.Mismatch): cli.ExitMismatch, "conflict": cli.ExitUndone} {
		plane := startPlane(t)
		plane.scenes = undone(code)
		newTerminal(t, plane).run("migrate", "acme", "--yes").wants(t, exit, "was undone: source and target differ")
	}
}

func TestMigrateIsConfirmedByTheSlug(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("migrate", "acme").wants(t, cli.ExitUsage, "nobody is there to confirm it")
	term.person("globex\n")
	term.run("migrate", "acme").wants(t, cli.ExitFailed, "not confirmed, nothing was changed")
	if plane.created != 0 {
		t.Fatalf("%d migrations were made", plane.created)
	}
	term.person("acme\n")
	term.run("migrate", "acme").wants(t, 0, "acme is live in cell-b")
}

// Who goes away is told how to watch again; what goes on goes on.
func TestAnInterruptionCostsNothing(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	plane.scenes = moving()[:1] // it waits for its turn
	term := newTerminal(t, plane)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			plane.mu.Lock()
			watched := plane.created > 0 && strings.HasSuffix(plane.seen[len(plane.seen)-1].URL.Path, "/watch")
			plane.mu.Unlock()
			if watched {
				cancel()
				return
			}
		}
	}()
	r := term.runContext(ctx, "migrate", "acme", "--yes")
	if r.code != cli.ExitFailed || !strings.Contains(r.stderr, "cellctl migration watch "+moveID.String()) || plane.created != 1 {
		t.Errorf("%+v", r)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	document := term.run("migration", "certificate", "acme").stdout
	path := filepath.Join(term.dir, "acme.json")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	term.run("migration", "verify", path).wants(t, 0, "the certificate is genuine: acme from cell-a to cell-b, 12 rows in 1 table")
	term.stdin(strings.Replace(document, "cell-b", "cell-c", 1))
	term.run("migration", "verify", "-").wants(t, cli.ExitMismatch, "signature does not match")
	term.stdin("{}")
	term.run("migration", "verify", "-", "--public-key", "%").wants(t, cli.ExitUsage, "not base64")
}
