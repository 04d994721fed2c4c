package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/run"
)

func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEnvironTakesSecretsFromFiles(t *testing.T) {
	t.Parallel()
	env, err := run.Environ("CELL_", []string{
		"CELL_EDGE_KEY_FILE=" + secretFile(t, "abc=\n"), "CELL_CONTROL_KEY=plain", "OTHER_KEY_FILE=/not/there", "CELL_REDIS_URL_FILE=",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"CELL_EDGE_KEY": "abc=", "CELL_CONTROL_KEY": "plain", "CELL_REDIS_URL": "", "CELL_X": ""} {
		if got := env(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestEnvironRefusesAndTellsNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for says, environ := range map[string][]string{
		"both set":                      {"CELL_KEY=" + secret, "CELL_KEY_FILE=" + secretFile(t, secret)},
		"CELL_KEY_FILE: open /not/here": {"CELL_KEY_FILE=/not/here"},
		"longer than":                   {"CELL_KEY_FILE=" + secretFile(t, strings.Repeat(secret, 10_000))},
	} {
		_, err := run.Environ("CELL_", environ)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
