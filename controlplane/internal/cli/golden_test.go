package cli_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/golden from what the commands print now")

// sessions are command lines whose whole output is kept in testdata/golden,
// one file each. Every one begins with a fresh fake.
var sessions = map[string][][]string{
	"cell-ls":        {{"cell", "ls"}, {"cell", "ls", "-o", "wide"}, {"cell", "ls", "--region", "europe-west1", "-o", "json"}, {"cell", "ls", "--state", "active", "-o", "jsonl"}, {"cell", "ls", "--state", "retired"}, {"cell", "ls", "--state", "retired", "-o", "json"}, {"cell", "ls", "--limit", "1"}},
	"cell-show":      {{"cell", "show", "cell-a"}, {"cell", "show", "cell-b", "-o", "wide"}, {"cell", "show", "cell-a", "-o", "json"}, {"cell", "show", "cell-a", "-o", "jsonl"}, {"cell", "show", "cell-x"}, {"cell", "show", "../v1"}},
	"cell-cordon":    {{"cell", "cordon", "cell-a"}, {"cell", "cordon", "cell-a"}, {"cell", "uncordon", "cell-a", "-o", "jsonl"}, {"cell", "cordon", "cell-c"}, {"cell", "uncordon", "cell-c"}},
	"cell-capacity":  {{"cell", "capacity", "cell-a", "4180"}, {"cell", "show", "cell-a", "-o", "wide"}, {"cell", "capacity", "cell-a", "--forget"}, {"cell", "capacity", "cell-a", "many"}, {"cell", "capacity", "cell-a"}, {"cell", "capacity", "cell-x", "10"}, {"cell", "capacity", "--help"}},
	"cell-drain":     {{"cell", "drain", "cell-a"}, {"cell", "drain", "cell-a"}, {"cell", "undrain", "cell-a"}, {"cell", "undrain", "cell-b"}, {"cell", "retire", "cell-a", "--yes"}, {"cell", "retire", "cell-a"}, {"cell", "drain", "cell-b", "-o", "jsonl"}, {"cell", "retire", "cell-b", "--yes"}, {"cell", "undrain", "cell-b"}},
	"tenant-plan":    {{"tenant", "plan", "acme", "team"}, {"tenant", "plan", "acme", "free", "-o", "jsonl"}, {"tenant", "plan", "acme", "enterprise"}, {"tenant", "plan", "acme", "gold"}, {"tenant", "plan", "acme"}},
	"tenant-edge":    {{"tenant", "edge", "show", "acme"}, {"tenant", "edge", "show", "acme", "-o", "json"}, {"tenant", "edge", "cors", "acme", "--origin", "https://app.acme.com"}, {"tenant", "edge", "show", "acme"}, {"tenant", "edge", "cors", "acme", "--origin", "*", "--credentials"}, {"tenant", "edge", "clear", "acme"}, {"tenant", "edge", "clear", "acme", "-o", "json"}, {"tenant", "edge", "show", "nobody"}},
	"key":            {{"key", "ls"}, {"keys", "list", "-o", "wide"}, {"key", "create", "grace", "--role", "operator"}, {"key", "create", "cell-b", "--role", "cell", "--cell", "cell-b", "-o", "jsonl"}, {"key", "create", "grace", "--role", "viewer"}, {"key", "create", "grace", "--role", "boss"}, {"key", "create", "grace"}, {"key", "revoke", "grace", "--yes"}, {"key", "revoke", "nobody", "--yes"}, {"key", "revoke", "ada"}},
	"audit":          {{"audit"}, {"audit", "-o", "wide"}, {"audit", "--tenant", "acme", "--limit", "1"}, {"audit", "--actor", "system", "-o", "jsonl"}, {"audit", "--action", "no.thing"}, {"audit", "--tenant", "acme", "--target", "cell-a"}, {"audit", "--tenant", "nobody"}, {"audit", "verify", "acme"}, {"audit", "verify", "globex"}, {"audit", "verify", "acme", "-o", "json"}, {"audit", "checkpoint", "acme"}, {"audit", "checkpoint", "globex"}, {"audit", "verify"}, {"audit", "verify", "--help"}},
	"tenant-ls":      {{"tenant", "ls"}, {"tenant", "ls", "-o", "wide"}, {"tenant", "ls", "--slug", "globex", "-o", "json"}, {"tenant", "ls", "--cell", "cell-a", "-o", "jsonl"}, {"tenant", "ls", "--limit", "1"}, {"tenant", "ls", "--plan", "gold"}, {"tenant", "ls", "--state", "deleted"}},
	"tenant-show":    {{"tenant", "show", "acme"}, {"tenant", "show", "globex", "-o", "wide"}, {"tenant", "show", "app.acme.com", "-o", "jsonl"}, {"tenant", "show", "0193b0c4-5d2e-7c1a-9f00-3a8b1c2d4e09"}, {"tenant", "show", "0193b0c4-5d2e-7c1a-9f00-3a8b1c2d4e08"}, {"tenant", "show", "nobody"}, {"tenant", "show", "www.nobody.com"}},
	"tenant-create":  {{"tenant", "create", "initech", "--organization", "Initech", "--owner-name", "Bill", "--owner-email", "bill@initech.com"}, {"tenant", "create", "acme", "--organization", "A", "--owner-name", "B", "--owner-email", "b@c.de"}, {"tenant", "create", "admin", "--organization", "A", "--owner-name", "B", "--owner-email", "b@c.de"}, {"tenant", "create", "umbrella"}},
	"tenant-suspend": {{"tenant", "suspend", "acme", "--reason", "unpaid"}, {"tenant", "resume", "acme"}, {"tenant", "suspend", "acme", "-o", "json"}, {"tenant", "delete", "acme", "--yes"}, {"tenant", "suspend", "acme"}, {"tenant", "delete", "globex"}},
	"tenant-domain":  {{"tenant", "domain", "ls", "acme"}, {"tenant", "domain", "ls", "acme", "-o", "wide"}, {"tenant", "domain", "ls", "acme", "-o", "json"}, {"tenant", "domain", "add", "acme", "Shop.Acme.com"}, {"tenant", "domain", "add", "acme", "shop.acme.com", "-o", "jsonl"}, {"tenant", "domain", "verify", "acme", "shop.acme.com"}, {"tenant", "domain", "rm", "acme", "shop.acme.com"}, {"tenant", "domain", "add", "acme", "localhost"}},
	"migrate":        {{"migrate", "acme", "--to", "cell-b", "--dry-run"}, {"migrate", "acme", "--dry-run", "-o", "json"}, {"migrate", "acme", "--to", "cell-c", "--yes"}, {"migrate", "acme", "--yes", "--wait=false"}, {"migrate", "nobody", "--yes"}, {"migrate", "acme", "--throttle", "fast"}, {"migrate", "acme", "--not-before", "noon"}, {"migrate", "--help"}},
	"migration":      {{"migration", "ls"}, {"migration", "ls", "-o", "wide"}, {"migration", "ls", "--tenant", "globex"}, {"migration", "ls", "--batch", "x"}, {"migration", "show", "acme"}, {"migration", "show", "globex"}, {"migration", "pause", "acme"}, {"migration", "throttle", "acme", "--to", "20MB", "-o", "jsonl"}, {"migration", "abort", "acme"}, {"migration", "rollback", "acme", "--reason", "slow"}, {"migration", "watch", "acme"}, {"migration", "--help"}},
	"drain":          {{"drain", "cell-a", "--dry-run"}, {"drain", "cell-a"}, {"drain", "cell-a", "--yes"}, {"rebalance", "--dry-run", "-o", "json"}, {"rebalance", "--yes"}, {"drain", "--help"}},
	"billing":        {{"billing", "plans"}, {"billing", "show", "acme"}, {"billing", "show", "globex"}, {"billing", "show", "acme", "-o", "json"}, {"billing", "quote", "acme", "business"}, {"billing", "quote", "acme", "starter"}, {"billing", "change", "acme", "business", "--yearly"}, {"billing", "cancel", "acme"}, {"billing", "cancel", "acme", "--now"}, {"billing", "coupon", "acme", "nonprofit"}, {"billing", "invoices", "acme"}, {"billing", "refunds", "acme", "-o", "jsonl"}, {"billing", "sync", "acme"}, {"billing", "checkout", "globex", "team", "--back", "https://globex.example"}, {"billing", "checkout", "acme", "team", "--back", "https://acme.example"}, {"billing", "portal", "acme", "--back", "https://acme.example"}, {"billing", "portal", "acme"}, {"billing", "show", "nobody"}, {"billing", "--help"}},
	"whoami":         {{"whoami"}, {"whoami", "-o", "wide"}, {"whoami", "-o", "json"}},
	"version":        {{"version"}, {"version", "-o", "json"}},
	"context":        {{"context", "ls"}, {"context", "ls", "-o", "wide"}, {"context", "ls", "-o", "json"}, {"context", "show"}, {"context", "show", "nope"}, {"context", "use", "nope"}, {"context", "rm", "test"}, {"context", "ls"}, {"cell", "ls"}},
	"usage":          {{"nope"}, {"tenant", "lst"}, {"--nope"}, {"cell", "ls", "-o", "xml"}, {"cell", "show"}, {"cell", "ls", "now"}, {"cell", "ls", "--limit", "-1"}, {"cell", "ls", "--context", "nope"}, {"completion", "tcsh"}, {"cell", "ls", "--server", "example.com"}, {"cell", "ls", "--server", "http://example.com"}, {"context", "set", "local"}, {"context", "set", "new"}},
	"help":           {{}, {"tenant", "--help"}, {"tenant", "create", "--help"}, {"tenant", "delete", "--help"}, {"context", "set", "--help"}, {"tenant", "import", "--help"}, {"cell", "--help"}, {"cell", "scaffold", "--help"}, {"cell", "overlay", "--help"}, {"cell", "smoke", "--help"}, {"rollout", "--help"}, {"rollout", "start", "--help"}, {"tenant", "edge", "--help"}, {"tenant", "edge", "cors", "--help"}, {"key", "--help"}, {"audit", "--help"}},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, lines := range sessions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plane := startPlane(t)
			term := newTerminal(t, plane)
			var got strings.Builder
			for _, args := range lines {
				r := term.run(args...)
				fmt.Fprintf(&got, "$ cellctl %s\n%s", strings.Join(args, " "), r.stdout)
				if r.stderr != "" {
					fmt.Fprintf(&got, "[stderr]\n%s", r.stderr)
				}
				fmt.Fprintf(&got, "[exit %d]\n\n", r.code)
			}
			compare(t, filepath.Join("testdata", "golden", name+".txt"), steady(got.String(), term, plane))
		})
	}
}

var requestID = regexp.MustCompile(`request id [0-9a-f-]{36}`)

// steady replaces what differs from run to run.
func steady(s string, term *terminal, plane *fakePlane) string {
	s = strings.NewReplacer(plane.URL, "http://control.example", term.dir, "/home/ada").Replace(s)
	return requestID.ReplaceAllString(s, "request id 0193…")
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if string(want) != got {
		t.Errorf("%s differs; if that is wanted, run with -update\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}
