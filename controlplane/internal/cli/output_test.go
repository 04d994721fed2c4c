package cli_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9]+m")

func TestColorsKeepColumnsAligned(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	black := term.run("cell", "ls", "-o", "wide").stdout
	term.options.StdoutTerminal, term.options.StderrTerminal = true, true
	colored := term.run("cell", "ls", "-o", "wide").stdout
	if !strings.Contains(colored, "\x1b[32mactive\x1b[0m") || escapes.ReplaceAllString(colored, "") != black {
		t.Errorf("with colors:\n%s\nwithout:\n%s", colored, black)
	}
	term.run("cell", "show", "cell-x").wants(t, cli.ExitFailed, "\x1b[31mcellctl:\x1b[0m ")
	if term.run("cell", "ls", "-o", "wide", "--no-color").stdout != black {
		t.Error("--no-color has colors")
	}
	if strings.Contains(term.run("cell", "ls", "-o", "json").stdout, "\x1b") {
		t.Error("json has colors")
	}
	term.options.NoColor = true
	if term.run("cell", "ls", "-o", "wide").stdout != black {
		t.Error("NO_COLOR has colors")
	}
}

// Programs get every tenant, page by page; people the first hundred.
func TestListsArePaged(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	plane.tenants = nil
	const all = 2345
	for n := range all {
		plane.tenants = append(plane.tenants, api.Tenant{TenantID: tenancy.NewID(), Slug: fmt.Sprintf("t%d", n), State: directory.Active, CreatedAt: noon, UpdatedAt: noon})
	}
	if n := strings.Count(term.run("tenant", "ls", "-o", "jsonl").stdout, "\n"); n != all {
		t.Errorf("jsonl has %d lines", n)
	}
	var list []api.Tenant
	if err := json.Unmarshal([]byte(term.run("tenant", "ls", "-o", "json").stdout), &list); err != nil || len(list) != all {
		t.Errorf("json has %d elements: %v", len(list), err)
	}
	r := term.run("tenant", "ls")
	r.wants(t, 0, "100 tenants shown, there are more")
	if n := strings.Count(r.stdout, "\n"); n != 101 {
		t.Errorf("the table has %d lines", n)
	}
	for limit, lines := range map[string]int{"0": all, "1500": 1500, "2345": all, "9999": all} {
		if n := strings.Count(term.run("tenant", "ls", "--limit", limit).stdout, "\n"); n != lines+1 {
			t.Errorf("--limit %s shows %d lines", limit, n)
		}
	}
	// An array that was cut off is not taken for a whole one.
	plane.refuseNext(nil, nil, fault.New(fault.Unavailable, "later"))
	r = term.run("tenant", "ls", "-o", "json")
	if r.code != cli.ExitFailed || json.Valid([]byte(r.stdout)) {
		t.Errorf("exit code %d, valid: %v", r.code, json.Valid([]byte(r.stdout)))
	}
}

// No text of a server or a tenant reaches a terminal's own commands.
func TestControlCharactersAreNotShown(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	plane.refuseNext(fault.New(fault.Internal, "bad\x1b]0;title\x07\nhint: run this\u202e"))
	r := term.run("cell", "ls")
	r.wants(t, cli.ExitFailed, "bad?]0;title? hint: run this?")
	if strings.Count(r.stderr, "\n") != 2 {
		t.Errorf("more lines than an error and a hint: %q", r.stderr)
	}
	for _, format := range []string{"table", "wide"} {
		if out := term.run("tenant", "show", "globex", "-o", format).stdout; strings.ContainsAny(out, "\x1b\x07") {
			t.Errorf("%s: %q", format, out)
		}
	}
}
