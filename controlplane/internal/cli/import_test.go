package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/fault"
)

const mixedLines = `{"slug":"one","organization":"One"}
{"slug":"bad-\u001b[31m","organization":"Bad"}
not json
{"slug":"acme","organization":"Acme"}
{"slug":"two","organization":"Two"}
`

func TestImportShowsSumsAndFailures(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	file := term.write("in.ndjson", mixedLines)
	r := term.run("tenant", "import", file)
	r.wants(t, cli.ExitFailed, "2 created, 1 there already, 2 failed in 0s", "line 2 (bad-?[31m): the line breaks rules of the API: /slug is reserved (invalid)",
		"line 3: the line is not JSON (malformed)", "cellctl: import tenants: 2 of 5 lines failed", "hint: correct these lines", "API keys are not kept")
	if strings.Contains(r.stdout+r.stderr, "cdt_") {
		t.Errorf("owners' keys are shown: %+v", r)
	}
	r = term.run("tenant", "import", file, "-o", "json")
	r.wants(t, cli.ExitFailed)
	var doc struct {
		Created, Exists, Failed int
		Failures                []struct{ Line int }
	}
	if err := json.Unmarshal([]byte(r.stdout), &doc); err != nil || doc.Created != 2 || doc.Exists != 1 || doc.Failed != 2 || len(doc.Failures) != 2 {
		t.Errorf("%v: %s", err, r.stdout)
	}
}

func TestImportFromInputKeepsResults(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	results := filepath.Join(term.dir, "results.ndjson")
	term.stdin("{\"slug\":\"one\",\"organization\":\"One\"}\n")
	r := term.run("tenant", "import", "-", "--results", results)
	r.wants(t, 0, "1 created, 0 there already, 0 failed")
	if r.stderr != "" {
		t.Errorf("a clean import writes: %s", r.stderr)
	}
	raw, err := os.ReadFile(results)
	info, _ := os.Stat(results)
	if err != nil || info.Mode().Perm() != 0o600 || strings.Count(string(raw), "\n") != 2 || !strings.Contains(string(raw), "cdt_secret_of_one") {
		t.Errorf("results: %v, %v, %s", err, info.Mode(), raw)
	}
	term.stdin("")
	term.run("tenant", "import", "-", "--results", results).wants(t, cli.ExitFailed, "is there already, and may hold the keys")
	term.stdin("{\"slug\":\"one\",\"organization\":\"One\"}\n")
	r = term.run("tenant", "import", "-", "-o", "jsonl")
	if lines := strings.Split(strings.TrimSpace(r.stdout), "\n"); len(lines) != 2 || !json.Valid([]byte(lines[0])) || !strings.Contains(lines[1], `"done"`) {
		t.Errorf("jsonl: %q", r.stdout)
	}
}

// The input is sent while results come back: neither waits for the other's end.
func TestImportStreams(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.options.StderrTerminal = true
	in, lines := io.Pipe()
	term.options.Stdin = in
	const tenants = 5000
	go func() {
		for n := range tenants {
			fmt.Fprintf(lines, "{\"slug\":\"t%d\",\"organization\":\"Tenant %d\"}\n", n, n)
		}
		_ = lines.Close()
	}()
	r := term.run("tenant", "import", "-", "--provision", "directory")
	r.wants(t, 0, "5,000 created, 0 there already, 0 failed", "\r\x1b[K1 tenants, ")
	if !strings.HasSuffix(r.stderr, "\r\x1b[K") {
		t.Errorf("the progress line stays: %q", r.stderr)
	}
}

// A producer that says nothing does not hold up Ctrl-C.
func TestImportIsInterrupted(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	ctx, interrupt := context.WithCancel(t.Context())
	term.options.Stdin = &reluctant{asked: interrupt, Reader: endless(t)}
	term.runContext(ctx, "tenant", "import", "-").wants(t, cli.ExitFailed, "cellctl: interrupted")
}

func TestImportThatIsCutOff(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	file := term.write("in.ndjson", "{\"slug\":\"one\",\"organization\":\"One\"}\n{\"slug\":\"cut-off\",\"organization\":\"X\"}\n")
	term.run("tenant", "import", file).wants(t, cli.ExitFailed, "the answer was cut off after 1 line", "(request id ", "import the file again")
	plane.refuseNext(fault.New(fault.Forbidden, "this needs the role operator"))
	term.run("tenant", "import", file).wants(t, cli.ExitAuth, "import tenants: this needs the role operator")
	term.run("tenant", "import", filepath.Join(term.dir, "nope")).wants(t, cli.ExitFailed, "no such file")
	term.run("tenant", "import", term.dir).wants(t, cli.ExitFailed, "is not a file")
	term.run("tenant", "import", file, "--provision", "moon").wants(t, cli.ExitUsage, "use one of cells, directory")
}

func TestImportShowsTwentyFailures(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	file := term.write("in.ndjson", strings.Repeat("{\"slug\":\"bad\",\"organization\":\"B\"}\n", 33))
	r := term.run("tenant", "import", file)
	r.wants(t, cli.ExitFailed, "… and 13 more", "33 of 33 lines failed")
	if n := strings.Count(r.stderr, "(bad)"); n != 20 {
		t.Errorf("%d failures are shown", n)
	}
}
