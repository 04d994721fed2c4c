package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
)

func TestContextsFileIsPrivate(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	info, err := os.Stat(term.options.Config)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v; want mode 0600", info.Mode(), err)
	}
	if dir, err := os.Stat(filepath.Dir(term.options.Config)); err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v; want mode 0700", dir.Mode(), err)
	}
	left, _ := filepath.Glob(term.options.Config + ".*")
	if left = slices.DeleteFunc(left, func(path string) bool { return path == term.options.Config+".lock" }); len(left) > 0 { // who changes it takes turns
		t.Errorf("left behind: %v", left)
	}

	if err := os.Chmod(term.options.Config, 0o644); err != nil {
		t.Fatal(err)
	}
	term.run("cell", "ls").wants(t, 0, "warning: others can read the keys", "chmod 600")
	term.run("context", "use", "test").wants(t, 0)
	if r := term.run("cell", "ls"); strings.Contains(r.stderr, "warning") {
		t.Errorf("a written file is not private again: %s", r.stderr)
	}
}

func TestContextsFileStaysALink(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t)
	real := term.write("dotfiles/cellctl.json", `{"contexts":{}}`)
	if err := os.MkdirAll(filepath.Dir(term.options.Config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, term.options.Config); err != nil {
		t.Fatal(err)
	}
	term.run("context", "set", "prod", "--server", "https://control.example.com").wants(t, 0, "key missing")
	if raw, err := os.ReadFile(real); err != nil || !strings.Contains(string(raw), "control.example.com") {
		t.Errorf("the link's target: %s, %v", raw, err)
	}
}

func TestBrokenContextsFileTellsNoKey(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t)
	term.options.Config = term.write("broken.json", `{"contexts":{"a":{"key":`+adminKey)
	term.run("context", "ls").wants(t, cli.ExitFailed, "is not valid JSON", "hint: ")
}

func TestContextLifecycle(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t)
	file := term.write("key", adminKey+"\n")
	term.run("context", "set", "prod", "--server", "https://control.example.com/", "--key-file", file).wants(t, 0, "key set, current")
	term.run("context", "set", "stage", "--server", "https://stage.example.com").wants(t, 0, "key missing")
	term.run("context", "use", "stage").wants(t, 0, "context stage is now current")
	term.run("context", "show", "-o", "json").wants(t, 0, `"name": "stage"`, `"has_key": false`)
	term.run("context", "show", "--context", "prod", "-o", "jsonl").wants(t, 0, `"server":"https://control.example.com"`)
	// Changing the server keeps the key, and the key file the server.
	term.run("context", "set", "prod", "--server", "https://new.example.com").wants(t, 0, "https://new.example.com, key set")
	term.run("context", "set", "prod", "--key-file", file).wants(t, 0, "https://new.example.com, key set")
	term.run("context", "rm", "stage").wants(t, 0)
	term.run("context", "rm", "stage").wants(t, cli.ExitUsage, "there is no context")
	term.run("context", "show").wants(t, cli.ExitUsage, "no context is current")
}

func TestKeyIsReadFromFileInputOrPerson(t *testing.T) {
	t.Parallel()
	server := []string{"context", "set", "prod", "--server", "https://control.example.com"}
	stored := func(term *terminal) string {
		var file struct {
			Contexts map[string]struct{ Key string }
		}
		raw, _ := os.ReadFile(term.options.Config)
		_ = json.Unmarshal(raw, &file)
		return file.Contexts["prod"].Key
	}
	for name, set := range map[string]func(*terminal) result{
		"file": func(term *terminal) result {
			return term.run(append(server, "--key-file", term.write("key", " "+adminKey+"\r\n"))...)
		},
		"input": func(term *terminal) result {
			term.stdin(adminKey)
			return term.run(append(server, "--key-file", "-")...)
		},
		"person": func(term *terminal) result {
			term.person(adminKey)
			return term.run(server...)
		},
	} {
		term := bareTerminal(t)
		set(term).wants(t, 0)
		if stored(term) != adminKey {
			t.Errorf("%s: another key was stored", name)
		}
	}
	for _, wrong := range []string{"", "hunter2-is-my-password", adminKey + "A", "cdt_" + adminKey[4:], adminKey + "\nX: y"} {
		term := bareTerminal(t)
		term.stdin(wrong)
		r := term.run(append(server, "--key-file", "-")...)
		r.wants(t, cli.ExitFailed, "not an operator's API key")
		if wrong != "" && strings.Contains(r.stderr, wrong) {
			t.Errorf("the refused key is shown: %s", r.stderr)
		}
	}
	bareTerminal(t).run(append(server, "--key-file", "/does/not/exist")...).wants(t, cli.ExitFailed, "no such file")
	bareTerminal(t).run(append(server, "--key", adminKey[:4])...).wants(t, cli.ExitUsage, "unknown flag")
}

func TestLocalContextIsFoundAbove(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := bareTerminal(t)
	term.write(".local/platform.json", `{"ports":{},"endpoints":{"controlplane":{"url":"`+plane.URL+`","token":"`+adminKey+`"}}}`)
	term.options.Dir = filepath.Join(term.dir, "a", "b")
	term.run("whoami").wants(t, 0, "local")
	term.run("--context", "local", "cell", "ls").wants(t, 0, "cell-a")
	term.run("context", "ls", "-o", "wide").wants(t, 0, "*         local", "platform.json")
	// A context of one's own goes before it, and one can go back.
	term.run("context", "set", "prod", "--server", "https://control.example.com").wants(t, 0, ", current")
	term.run("context", "show").wants(t, 0, "prod")
	term.run("context", "use", "local").wants(t, 0)
	term.run("context", "show").wants(t, 0, "local")

	term.write(".local/platform.json", `{}`)
	term.run("cell", "ls").wants(t, cli.ExitFailed, "does not name a control plane", "make up")
	bareTerminal(t).run("cell", "ls", "--context", "local").wants(t, cli.ExitUsage, "no local platform here", "make up")
}

// A context's key goes to its own server only.
func TestServerFlagDoesNotTakeTheKeyElsewhere(t *testing.T) {
	t.Parallel()
	mine, other := startPlane(t), startPlane(t)
	term := newTerminal(t, mine)
	term.run("cell", "ls", "--server", mine.URL+"/").wants(t, 0)
	term.run("cell", "ls", "--server", other.URL).wants(t, cli.ExitAuth)
	other.mu.Lock()
	sent := other.seen[0].Header.Get("Authorization")
	other.mu.Unlock()
	if sent != "" {
		t.Error("the context's key was sent to another server")
	}
	term.run("cell", "ls", "--server", other.URL, "--context", "test").wants(t, 0) // said explicitly
	term.options.APIKey = viewerKey
	term.run("cell", "ls", "--server", other.URL).wants(t, 0)
	term.run("cell", "cordon", "cell-a", "--server", mine.URL).wants(t, cli.ExitAuth) // the environment's key, not the context's
}

func TestKeyIsNotSentUnencrypted(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t)
	set := []string{"context", "set", "lan", "--server", "http://10.0.0.7:8090"}
	term.run(set...).wants(t, cli.ExitUsage, "without encryption", "--allow-http")
	term.run(append(set, "--allow-http")...).wants(t, 0)
	term.run("context", "show", "lan", "-o", "json").wants(t, 0, `"allow_http": true`)
	for _, bad := range []string{"ftp://a", "https://user:pw@a.example", "https://a.example/path", "https://a.example?x=1", "://"} {
		r := term.run("cell", "ls", "--server", bad)
		r.wants(t, cli.ExitUsage, "is not a URL")
		if strings.Contains(r.stderr, "pw") {
			t.Errorf("the password in the URL is shown: %s", r.stderr)
		}
	}
}

func TestPromptIsOnlyForPeople(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t)
	term.options.ReadSecret = func(context.Context, string) (string, error) { return "", context.Canceled }
	term.run("context", "set", "prod", "--server", "https://control.example.com").wants(t, cli.ExitFailed)
}
