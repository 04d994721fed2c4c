package rollout_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane/internal/rollout"
	"github.com/coditect/platform/shared/fault"
)

func TestAFileKeepsARollout(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rollout.json")
	s := *state([]string{"a"}, []string{"b"})
	s.BakeUntil = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	file, err := rollout.Create(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := rollout.Open(path); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("two have it open: %v", err)
	}
	s.Wave = 1
	if err := file.Save(s); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	file, got, err := rollout.Open(path)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Fatalf("%+v, %v; want %+v", got, err, s)
	}
	_ = file.Close()
	if _, err := rollout.Create(path, s); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second rollout in one file: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".rollout-*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestWhatIsNoRolloutIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, _, err := rollout.Open(filepath.Join(dir, "missing")); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	path := filepath.Join(dir, "rollout.json")
	for _, text := range []string{
		"", "{}", `{"version":"v2","phase":"finished","waves":[[]]}`, `{"version":"v2","phase":"done","wave":3,"waves":[[]]}`, `{"version":"v2","surprise":1}`,
		`{"version":"v2","phase":"done","waves":[[]]}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := rollout.Read(path); fault.CodeOf(err) != fault.Malformed {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// script is a program of an operator's.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "apply")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProgram(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	p := rollout.Program{Path: script(t, `case $1 in version) echo "v-$2";; apply) echo "to $3"; [ "$2" != bad ] || { echo "first" >&2; echo "no such cluster" >&2; exit 3; };; esac`), Out: &said}
	if version, err := p.Version(t.Context(), "cell-a"); err != nil || version != "v-cell-a" {
		t.Errorf("%q, %v", version, err)
	}
	if err := p.Apply(t.Context(), "cell-a", after); err != nil || said.String() != "to v2\n" {
		t.Errorf("%q, %v", said.String(), err)
	}
	if err := p.Apply(t.Context(), "bad", after); err == nil || !strings.HasSuffix(err.Error(), "exit status 3: no such cluster") {
		t.Error(err)
	}
	for _, body := range []string{"true", "echo two; echo lines", "exit 1"} {
		if version, err := (rollout.Program{Path: script(t, body)}).Version(t.Context(), "cell-a"); err == nil {
			t.Errorf("%q: %q is a version", body, version)
		}
	}
}
