package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
)

// TestLife is one platform's, since starting one takes seconds.
func TestLife(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	dir := filepath.Join(t.TempDir(), "with space")
	bin, mend := withBrokenRouter(t)
	p := newPlatform(t, local.Options{Dir: dir, Out: &out, Watched: true, BinDir: bin})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	t.Cleanup(func() { _ = p.Down(context.WithoutCancel(ctx)) })

	partThatDiesIsNamedWithItsLog(ctx, t, p, &out)
	mend()
	if err := p.Up(ctx); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	everyPartIs(ctx, t, p, local.Running)
	wantOutput(t, &out, "✓ pg-control", "Ready in", "http://acme.localhost:", "curl -H 'Authorization: Bearer ")
	stateIsPrivateAndWhole(t, p, dir)
	watchersWatch(ctx, t, p)

	before := p.State()
	if err := p.Up(ctx); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, &out, "nothing was changed")
	for name, part := range p.State().Parts {
		if part.Identity != before.Parts[name].Identity {
			t.Errorf("the second up started %s again", name)
		}
	}

	deadPartIsFoundAndStartedAgain(ctx, t, p, before)
	stoppedPartStaysDown(ctx, t, p)
	if err := p.Up(ctx); err != nil {
		t.Fatal(err)
	}

	if err := p.Down(ctx); err != nil {
		t.Fatal(err)
	}
	everyPartIs(ctx, t, p, local.Stopped)
	if got := p.State(); got.Secrets.EdgeKey != before.Secrets.EdgeKey || len(got.Tenants) != 2 {
		t.Error("down did not keep the secrets and tenants")
	}
	if err := p.Nuke(ctx); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, &out, "Removed "+filepath.Join(dir, "data"), "Removed "+filepath.Join(dir, "platform.json"), "Kept")
	if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != "platform.lock" {
		t.Errorf("left after nuke: %v", entries)
	}
}

// withBrokenRouter is a directory of stubs with a router that ends at once, until
// it is mended.
func withBrokenRouter(t *testing.T) (bin string, mend func()) {
	t.Helper()
	good, err := stubs()
	if err != nil {
		t.Fatal(err)
	}
	bin = t.TempDir()
	link := func(name string) {
		if err := os.Symlink(filepath.Join(good, name), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"controlplane", "cell", "local", "stripefake", "cellctl"} {
		link(name)
	}
	router := filepath.Join(bin, "router")
	if err := os.WriteFile(router, []byte("#!/bin/sh\necho 'cannot read the snapshot'\nexit 9\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return bin, func() {
		if err := os.Remove(router); err != nil {
			t.Fatal(err)
		}
		link("router")
	}
}

func partThatDiesIsNamedWithItsLog(ctx context.Context, t *testing.T, p *local.Platform, out *bytes.Buffer) {
	t.Helper()
	err := p.Up(ctx)
	if err == nil {
		t.Fatal("it came up")
	}
	for _, part := range []string{"router-", "exit status 9", "cannot read the snapshot", "these parts run on: pg-control", "make down"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q misses %q", err, part)
		}
	}
	wantOutput(t, out, "✗ router-")
}

func deadPartIsFoundAndStartedAgain(ctx context.Context, t *testing.T, p *local.Platform, before local.State) {
	t.Helper()
	for _, name := range []string{"pg-cell-a", "cell-a-api"} {
		if err := p.Kill(ctx, name); err != nil {
			t.Fatal(err)
		}
		part, err := p.Part(ctx, name)
		if err != nil || part.Condition != local.Dead || !strings.Contains(part.Problem, "the end of "+part.Log) {
			t.Errorf("after Kill: %+v, %v", part, err)
		}
		if err := p.Start(ctx, name); err != nil {
			t.Fatal(err)
		}
		if p.State().Parts[name].Identity == before.Parts[name].Identity {
			t.Errorf("%s is not a new process", name)
		}
	}
	everyPartIs(ctx, t, p, local.Running)
}

func stoppedPartStaysDown(ctx context.Context, t *testing.T, p *local.Platform) {
	t.Helper()
	if err := p.Stop(ctx, "redis-edge"); err != nil {
		t.Fatal(err)
	}
	if part, err := p.Part(ctx, "redis-edge"); err != nil || part.Condition != local.Stopped {
		t.Errorf("after Stop: %+v, %v", part, err)
	}
	if err := p.Stop(ctx, "no-such-part"); err == nil || !strings.Contains(err.Error(), "redis-edge") {
		t.Errorf("a name that no part has: %v", err)
	}
}

func stateIsPrivateAndWhole(t *testing.T, p *local.Platform, dir string) {
	t.Helper()
	path := filepath.Join(dir, "platform.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode of platform.json: %v", info.Mode())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var written local.State
	if err := json.Unmarshal(raw, &written); err != nil {
		t.Fatal(err)
	}
	for _, name := range local.PartNames() {
		if written.Parts[name].Identity != p.State().Parts[name].Identity || !written.Parts[name].Alive() {
			t.Errorf("%s: %+v", name, written.Parts[name])
		}
	}
	if written.Tenants["acme"].APIKey == "" || written.Endpoints.Cells["cell-b"].AMQPURL == "" {
		t.Errorf("platform.json misses something:\n%s", raw)
	}
}

func everyPartIs(ctx context.Context, t *testing.T, p *local.Platform, want local.Condition) {
	t.Helper()
	parts, err := p.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != len(local.PartNames()) {
		t.Errorf("status shows %d parts", len(parts))
	}
	for _, part := range parts {
		if part.Condition != want {
			t.Errorf("%s is %s: %s", part.Name, part.Condition, part.Problem)
		}
	}
}

func wantOutput(t *testing.T, out *bytes.Buffer, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the output misses %q:\n%s", part, out.String())
		}
	}
}
