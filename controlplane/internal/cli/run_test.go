package cli_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/testkit"
)

// terminal is a person's place at the command line: a home directory and a
// context called test.
type terminal struct {
	t       *testing.T
	dir     string
	options cli.Options
}

// result is what one command line did.
type result struct {
	code   int
	stdout string
	stderr string
}

// newTerminal gives a terminal whose current context is the fake, as admin.
func newTerminal(t *testing.T, plane *fakePlane) *terminal {
	t.Helper()
	term := bareTerminal(t)
	term.stdin(adminKey + "\n")
	if r := term.run("context", "set", "test", "--server", plane.URL, "--key-file", "-"); r.code != 0 {
		t.Fatalf("set up the context: %+v", r)
	}
	term.stdin("")
	return term
}

// bareTerminal has no context at all.
func bareTerminal(t *testing.T) *terminal {
	t.Helper()
	dir := t.TempDir()
	return &terminal{t: t, dir: dir, options: cli.Options{
		Config: filepath.Join(dir, "config", "cellctl.json"), Dir: dir, Stdin: strings.NewReader(""),
		Version:      cli.Version{Version: "1.2.3", Commit: "abc", Go: "go1.26"},
		Now:          func() time.Time { return noon },
		PollInterval: time.Millisecond,
	}}
}

func (term *terminal) stdin(text string) { term.options.Stdin = strings.NewReader(text) }

// person makes the terminal one with somebody who types.
func (term *terminal) person(types string) {
	term.stdin(types)
	term.options.ReadSecret = func(context.Context, string) (string, error) { return types, nil }
}

func (term *terminal) run(args ...string) result {
	term.t.Helper()
	return term.runContext(testkit.Context(term.t), args...)
}

// runContext runs one command line and checks what holds for all of them.
func (term *terminal) runContext(ctx context.Context, args ...string) result {
	term.t.Helper()
	var out, errs bytes.Buffer
	opts := term.options
	opts.Args, opts.Stdout, opts.Stderr = args, &out, &errs
	code := cli.Run(ctx, opts)
	r := result{code, out.String(), errs.String()}
	for _, key := range []string{adminKey, viewerKey} {
		if strings.Contains(r.stdout+r.stderr, key) {
			term.t.Errorf("%q shows the operator's key: %+v", args, r)
		}
	}
	if code != 0 && strings.Count(escapes.ReplaceAllString(r.stderr, ""), "cellctl: ") != 1 {
		term.t.Errorf("%q failed without exactly one error line:\n%s", args, r.stderr)
	}
	return r
}

// write makes a file in the terminal's directory.
func (term *terminal) write(name, content string) string {
	term.t.Helper()
	path := filepath.Join(term.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		term.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		term.t.Fatal(err)
	}
	return path
}

// endless is standard input that nobody writes to, until the test ends.
func endless(t *testing.T) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	return r
}
