package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

const policyFile = `{
  "cors": {"allowed_origins": ["https://app.acme.com"], "max_age_seconds": 60},
  "request_headers": {"remove": ["X-Old"], "set": [{"name": "X-Channel", "value": "<web> & \"more\""}]},
  "response_headers": {"remove": ["Server"]},
  "limits": [{"class": "write", "per_second": 2.5, "burst": 10, "concurrent": 4, "max_body_bytes": 1000}, {"class": "*"}]
}`

// What show prints, set takes, and it is the same policy.
func TestAPolicyGoesThroughAFileAndBack(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	path := term.write("policy.json", policyFile)
	term.run("tenant", "edge", "set", "acme", "--file", path).wants(t, 0)
	shown := term.run("tenant", "edge", "show", "acme", "-o", "json")
	shown.wants(t, 0)
	before := plane.edges[id(1)]
	term.stdin(shown.stdout)
	term.run("tenant", "edge", "set", "acme", "--file", "-").wants(t, 0)
	one, _ := json.Marshal(before)
	other, _ := json.Marshal(plane.edges[id(1)])
	if string(one) != string(other) || before.Limits[0].PerSecond != 2.5 {
		t.Errorf("%s became %s", one, other)
	}
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	for name, c := range map[string]struct {
		content string
		code    int
		says    string
	}{
		"not JSON":       {"cors: yes", cli.ExitUsage, "is not a JSON document"},
		"empty":          {"", cli.ExitUsage, "is not a JSON document"},
		"too large":      {`"` + strings.Repeat("x", 256<<10) + `"`, cli.ExitUsage, "too large"},
		"unknown member": {`{"cros":{}}`, cli.ExitFailed, "cros"},
		"a rule":         {`{"limits":[{"class":"Write"}]}`, cli.ExitFailed, "/limits/0/class"},
	} {
		r := term.run("tenant", "edge", "set", "acme", "--file", term.write("policy.json", c.content))
		if r.code != c.code || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if len(plane.edges) != 0 {
		t.Errorf("something was set: %+v", plane.edges)
	}
	term.run("tenant", "edge", "set", "acme", "--file", "nowhere.json").wants(t, cli.ExitFailed, "nowhere.json")
	term.run("tenant", "edge", "set", "acme").wants(t, cli.ExitUsage, "file")
}

func TestCORSIsOneCommand(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	limits := []directory.Limit{{Class: "*", PerSecond: 1}}
	plane.edges[id(1)] = directory.EdgePolicy{Limits: limits}
	r := term.run("tenant", "edge", "cors", "acme", "--origin", "https://a.acme.com", "--origin", "https://b.acme.com", "--method", "GET",
		"--header", "X-A", "--expose", "ETag", "--credentials", "--max-age", "1h")
	r.wants(t, 0)
	got := plane.edges[id(1)]
	want := directory.CORS{
		AllowedOrigins: []string{"https://a.acme.com", "https://b.acme.com"}, AllowedMethods: []string{"GET"}, AllowedHeaders: []string{"X-A"},
		ExposedHeaders: []string{"ETag"}, AllowCredentials: true, MaxAgeSeconds: 3600,
	}
	one, _ := json.Marshal(got.CORS)
	other, _ := json.Marshal(want)
	if string(one) != string(other) || len(got.Limits) != 1 {
		t.Errorf("%s, %+v", one, got.Limits)
	}
	term.run("tenant", "edge", "cors", "acme", "--origin", "https://A.acme.com/").wants(t, cli.ExitFailed, "/cors/allowed_origins/0")
	for _, wrong := range [][]string{{}, {"--off", "--origin", "https://a.acme.com"}, {"--credentials"}} {
		term.run(append([]string{"tenant", "edge", "cors", "acme"}, wrong...)...).wants(t, cli.ExitUsage, "--origin")
	}
	term.run("tenant", "edge", "cors", "acme", "--off").wants(t, 0)
	if got := plane.edges[id(1)]; got.CORS != nil || len(got.Limits) != 1 {
		t.Errorf("%+v", got)
	}
	// Somebody else's change in between is not overwritten.
	plane.refuseNext(nil, nil, fault.New(fault.Stale, "the tenant has changed"))
	term.run("tenant", "edge", "cors", "acme", "--off").wants(t, cli.ExitConflict, "look at it again")
	last := plane.seen[len(plane.seen)-1]
	if last.Method != "PUT" || last.Header.Get("If-Match") == "" {
		t.Errorf("%s with If-Match %q", last.Method, last.Header.Get("If-Match"))
	}
}

// Secrets leave to the terminal once, or to a file nobody else can read.
func TestAKeysSecret(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	if r := term.run("key", "create", "grace", "--role", "operator"); r.code != 0 || !strings.Contains(r.stdout, newSecret) || strings.Contains(r.stderr, newSecret) {
		t.Errorf("%+v", r)
	}
	path := term.dir + "/heidi.key"
	for _, format := range []string{"table", "json"} {
		r := term.run("key", "create", "heidi-"+format, "--role", "viewer", "--secret-file", path, "-o", format)
		if r.code != 0 || strings.Contains(r.stdout+r.stderr, newSecret) {
			t.Errorf("%+v", r)
		}
		raw, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil || string(raw) != newSecret+"\n" || info.Mode().Perm() != 0o600 {
			t.Errorf("%q, %v, %v", raw, err, statErr)
		}
	}
	term.run("key", "create", "ivan", "--role", "viewer", "--secret-file", path+"/not/there").wants(t, cli.ExitFailed, "cellctl key revoke ivan")
}

func TestWhatCannotBeUndoneIsConfirmed(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	plane.cells[2].AssignedTenants = 0
	for _, args := range [][]string{{"key", "revoke", "ada"}, {"cell", "retire", "cell-c"}} {
		term.run(args...).wants(t, cli.ExitUsage, "--yes")
	}
	term.person("cell-b\n")
	term.run("cell", "retire", "cell-c").wants(t, cli.ExitFailed, "not confirmed")
	term.person("gra\n")
	term.run("key", "revoke", "ada").wants(t, cli.ExitFailed, "not confirmed")
	if plane.operators[0].RevokedAt != nil || plane.cells[2].State != directory.CellDraining {
		t.Error("done without an agreement")
	}
	term.person("cell-c\n")
	term.run("cell", "retire", "cell-c").wants(t, 0, "for ever")
	term.person("ada\n")
	term.run("key", "revoke", "ada").wants(t, 0, "for ever")
	if plane.operators[0].RevokedAt == nil || plane.cells[2].State != directory.CellRetired {
		t.Error("not done")
	}
}
