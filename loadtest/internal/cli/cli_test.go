package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/cli"
	"github.com/coditect/platform/loadtest/internal/conduct"
	"github.com/coditect/platform/loadtest/internal/report"
)

// TestMain lets the test's program be a generator, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == conduct.ChildCommand {
		os.Exit(cli.Run(context.Background(), cli.Options{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
	}
	os.Exit(m.Run())
}

type outcome struct {
	code        int
	out, errors string
}

// loadtest runs one command line, in which DIR stands for dir.
func loadtest(ctx context.Context, t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "DIR", dir)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, errors bytes.Buffer
	code := cli.Run(ctx, cli.Options{
		Args: append(args, "--platform", dir+"/none.json"), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errors, Program: program,
		OperatorKey: "operator",
	})
	return outcome{code: code, out: out.String(), errors: errors.String()}
}

// write puts a file into a directory of the test's own.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// front answers everything with 200, and a key that is not "good" with 401.
func front(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Authorization"); key != "" && key != "Bearer good" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// scenarioText has no bound on the generator's lag: the machine of a test is busy.
func scenarioText(url, more string) string {
	return fmt.Sprintf("name: test\nseed: 1\ntarget: {url: %q}\nload: {max_lag: 1h}\nphases: [{name: all, for: 1s, rate: 100}]\nmix: [{step: http, path: /, weight: 1}]\n%s\n", url, more)
}

func TestRunWritesItsReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "s.yaml", scenarioText(front(t), `thresholds: ["errors <= 0%"]`))
	got := loadtest(t.Context(), t, dir, "run", "DIR/s.yaml", "--out", "DIR/r")
	if got.code != cli.ExitOK || !strings.Contains(got.out, "100 requests") || !strings.Contains(got.out, "as a closed loop reports") {
		t.Fatalf("%+v", got)
	}
	if page, err := os.ReadFile(dir + "/r.html"); err != nil || !strings.Contains(string(page), "Latency by percentile") {
		t.Errorf("page: %v", err)
	}
	d, err := report.Read(dir + "/r.json")
	if err != nil || d.Summary.Requests != 100 || d.Commit == "" || d.Machine.Processors == 0 || d.Scenario.Seed != 1 || !d.Passed() {
		t.Errorf("%+v, %v", d, err)
	}
}

// Three processes share a run and send what one would, and their histograms add up.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "s.yaml", scenarioText(front(t), ""))
	got := loadtest(t.Context(), t, dir, "run", "DIR/s.yaml", "--out", "DIR/r", "--processes", "3")
	if got.code != cli.ExitOK || !strings.Contains(got.out, "100 requests") {
		t.Fatalf("%+v", got)
	}
	d, err := report.Read(dir + "/r.json")
	if err != nil {
		t.Fatal(err)
	}
	whole := d.Recording.Whole()
	if d.Processes != 3 || whole.Response.Count() != 100 || whole.Service.Count() != 100 || d.Recording.Lag.Count() != 100 {
		t.Errorf("%+v", d.Summary)
	}
}

// A control plane that the scenario does not use may be down.
func TestAnUnusedControlPlane(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "s.yaml", strings.Replace(scenarioText(front(t), ""), "target: {", `target: {controlplane: "http://127.0.0.1:1", `, 1))
	if got := loadtest(t.Context(), t, dir, "run", "DIR/s.yaml", "--out", "DIR/r"); got.code != cli.ExitOK {
		t.Errorf("%+v", got)
	}
}

func TestAMissedThresholdIsExitCode99(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "s.yaml", scenarioText(front(t), `thresholds: ["rate > 1000"]`))
	if got := loadtest(t.Context(), t, dir, "run", "DIR/s.yaml", "--out", "DIR/r"); got.code != cli.ExitThresholds || !strings.Contains(got.out, "MISSED") {
		t.Errorf("%+v", got)
	}
}

// A generator that could not keep its times says so, and its run counts for
// nothing.
func TestALateGeneratorMakesARunInvalid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "s.yaml", strings.Replace(scenarioText(front(t), ""), "max_lag: 1h", "max_lag: 1ns", 1))
	got := loadtest(t.Context(), t, dir, "run", "DIR/s.yaml", "--out", "DIR/r")
	if got.code != cli.ExitInvalid || !strings.Contains(got.out, "INVALID") {
		t.Errorf("%+v", got)
	}
}

func TestTheEndOfARunWritesTheReportSoFar(t *testing.T) {
	t.Parallel()
	for _, processes := range []string{"1", "2"} {
		dir := t.TempDir()
		write(t, dir, "s.yaml", strings.Replace(scenarioText(front(t), ""), "for: 1s", "for: 1h", 1))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // two processes begin after two
		defer cancel()
		got := loadtest(ctx, t, dir, "run", "DIR/s.yaml", "--out", "DIR/r", "--processes", processes)
		d, err := report.Read(dir + "/r.json")
		if err != nil || !d.Interrupted || d.Summary.Requests == 0 || !strings.Contains(got.out, "interrupted after") {
			t.Errorf("%s processes: %+v, %v", processes, got, err)
		}
	}
}

// A migration whose time did not come is none that failed.
func TestARunThatEndsBeforeItsMigration(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), front(t)
	text := strings.Replace(keyed(url), "for: 1s, rate: 100}", "for: 1h, rate: 100}, {name: move, for: 10s, rate: 100, migrate: {tenant: 0, to: cell-b}}", 1)
	write(t, dir, "s.yaml", strings.Replace(text, "target: {", fmt.Sprintf("target: {controlplane: %q, ", url), 1))
	write(t, dir, "t.ndjson", `{"slug":"acme","tenant_id":"01a21e44-2f67-70fb-baa6-63ced5b81202","api_key":"good"}`)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	got := loadtest(ctx, t, dir, "run", "DIR/s.yaml", "--tenants", "DIR/t.ndjson", "--out", "DIR/r")
	if got.code != cli.ExitOK || !strings.Contains(got.out, "not begun") {
		t.Errorf("%+v", got)
	}
}

// What must not begin is refused before the first request, and says why.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const expired = "e30.eyJleHAiOjF9.x" // {"exp":1}
	url := front(t)
	for _, c := range []struct{ name, scenario, tenants, want string }{
		{"a mistake", scenarioText(url, "thresholds: [fast]"), "", "s.yaml:7: thresholds[0]"},
		{"nobody there", scenarioText("http://127.0.0.1:1", ""), "", "nobody answers at http://127.0.0.1:1"},
		{"no control plane there", strings.Replace(strings.Replace(keyed(url), "target: {", "target: {controlplane: \"http://127.0.0.1:1\", ", 1),
			"rate: 100}", "rate: 100, migrate: {tenant: 0, to: cell-b}}", 1), "good", "nobody answers at http://127.0.0.1:1"},
		{"not this machine", scenarioText("http://192.0.2.1", ""), "", "--i-mean-it"},
		{"an expired token", keyed(url), expired, "the token of acme expired at 1970-01-01"},
		{"a refused key", keyed(url), "bad", "the key of acme is refused (401)"},
		{"no key", keyed(url), "", "acme has no api_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "s.yaml", c.scenario)
			write(t, dir, "t.ndjson", fmt.Sprintf(`{"slug":"acme","api_key":%q}`, c.tenants))
			got := loadtest(t.Context(), t, dir, "run", "DIR/s.yaml", "--tenants", "DIR/t.ndjson", "--out", "DIR/r")
			if _, err := os.Stat(dir + "/r.json"); err == nil {
				t.Error("a report was written")
			}
			if got.code != cli.ExitUsage || !strings.Contains(got.errors, c.want) {
				t.Errorf("%+v, want %q", got, c.want)
			}
		})
	}
}

func keyed(url string) string {
	return strings.Replace(scenarioText(url, ""), "step: http, path: /", "step: login", 1)
}

func TestCompare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url := front(t)
	write(t, dir, "a.yaml", strings.Replace(scenarioText(url, ""), "for: 1s, rate: 100", "for: 6s, rate: 20", 1))
	write(t, dir, "b.yaml", strings.Replace(scenarioText(url, ""), "for: 1s, rate: 100", "for: 6s, rate: 60", 1))
	for _, name := range []string{"a", "b"} {
		if got := loadtest(t.Context(), t, dir, "run", "DIR/"+name+".yaml", "--out", "DIR/"+name); got.code != cli.ExitOK {
			t.Fatalf("%+v", got)
		}
	}
	got := loadtest(t.Context(), t, dir, "compare", "DIR/a.json", "DIR/b.json")
	if got.code != cli.ExitOK || !strings.Contains(got.out, "the runs are of different scenarios") {
		t.Fatalf("%+v", got)
	}
	for line := range strings.Lines(got.out) {
		if strings.HasPrefix(line, "answers a window") && !strings.Contains(line, "SIGNIFICANT") {
			t.Errorf("three times the rate: %s", line)
		}
		if strings.HasPrefix(line, "errors") && !strings.Contains(line, "not significant") {
			t.Errorf("no errors on either side: %s", line)
		}
	}
	if got := loadtest(t.Context(), t, dir, "compare", "DIR/a.yaml", "DIR/b.json"); got.code != cli.ExitUsage || !strings.Contains(got.errors, "this is no report") {
		t.Errorf("%+v", got)
	}
}
