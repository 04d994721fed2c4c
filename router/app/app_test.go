package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/router/app"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func options(t *testing.T) app.Options {
	t.Helper()
	opts := app.Defaults()
	opts.Listen, opts.AdminListen = "127.0.0.1:0", "127.0.0.1:0"
	opts.Snapshot = filepath.Join(t.TempDir(), "directory.snapshot")
	opts.SnapshotInterval = 50 * time.Millisecond
	opts.NATSURL = "nats://127.0.0.1:1" // nobody
	opts.DirectoryURL = "http://127.0.0.1:1"
	opts.EdgeKey, opts.DirectoryToken = strings.Repeat("ab", 32), "token"
	opts.StartGrace, opts.ShutdownTimeout = 200*time.Millisecond, 5*time.Second
	return opts
}

type running struct {
	edge, admin string
	stop        func()
}

// openPolicy is a policy that asks for no credential.
func openPolicy(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.json")
	raw := `{"default_plan": "free", "plans": {"free": {}}, "routes": [{"prefix": "/", "class": "all", "public": true}]}`
	if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func start(t *testing.T, opts app.Options) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	addresses := make(chan [2]string, 1)
	done := make(chan error, 1)
	go func() {
		done <- app.Run(ctx, opts, io.Discard, func(edge, admin net.Addr) { addresses <- [2]string{edge.String(), admin.String()} })
	}()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(stop)
	select {
	case a := <-addresses:
		r := running{edge: a[0], admin: a[1], stop: stop}
		testkit.Eventually(t, "the router to be ready", func() bool { return get(t, r.admin, "", "/readyz") == 200 })
		return r
	case err := <-done:
		stopped = true
		t.Fatalf("start: %v", err)
		return running{}
	}
}

func get(t *testing.T, addr, host, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// controlPlane is a directory with one tenant.
func controlPlane(t *testing.T, entry directory.Entry) *httptest.Server {
	t.Helper()
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/directory/snapshot":
			s := directory.NewSnapshotWriter(w)
			if err := s.Cell(entry.Cell); err != nil {
				t.Error(err)
			}
			if err := s.Tenant(&entry.Tenant); err != nil {
				t.Error(err)
			}
			if err := s.Close(5); err != nil {
				t.Error(err)
			}
		case "/v1/directory/changes":
			_ = json.NewEncoder(w).Encode(directory.Changes{Since: 5})
		default:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"code":"unknown_tenant"}`)
		}
	}))
}

// A router that was ever connected serves what it knew after a restart with
// everything else dead; a damaged snapshot does not keep it from starting.
func TestRestartWithEverythingElseDead(t *testing.T) {
	t.Parallel()
	cell := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer cell.Close()
	control := controlPlane(t, directory.Entry{
		Tenant: directory.Assignment{TenantID: tenancy.NewID(), Slug: "acme", Cell: "cell-a", State: directory.Active, Epoch: 1, Version: 4},
		Cell:   directory.Cell{ID: "cell-a", Endpoint: cell.URL, State: directory.CellActive, Version: 1},
	})
	opts := options(t)
	opts.Policy = openPolicy(t)
	connected := opts
	connected.DirectoryURL = control.URL
	first := start(t, connected)
	if status := get(t, first.edge, "acme.localhost", "/"); status != http.StatusNoContent {
		t.Fatalf("connected: %d", status)
	}
	if status := get(t, first.admin, "", "/debug/entry?key=slug:acme"); status != http.StatusOK {
		t.Errorf("entry: %d", status)
	}
	first.stop()
	control.Close()

	second := start(t, opts)
	if status := get(t, second.edge, "acme.localhost", "/"); status != http.StatusNoContent {
		t.Errorf("from disk: %d", status)
	}
	if status := get(t, second.edge, "other.localhost", "/"); status != http.StatusServiceUnavailable {
		t.Errorf("unknown tenant: %d", status)
	}
	second.stop()

	empty := options(t)
	empty.Policy = opts.Policy
	third := start(t, empty)
	if status := get(t, third.edge, "acme.localhost", "/"); status != http.StatusServiceUnavailable {
		t.Errorf("nothing known: %d", status)
	}
}

func TestStartErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for want, change := range map[string]func(*app.Options){
		"choose another":         func(o *app.Options) { o.Listen = taken.Addr().String() },
		"ROUTER_EDGE_KEY":        func(o *app.Options) { o.EdgeKey = "secret" },
		"ROUTER_DIRECTORY_TOKEN": func(o *app.Options) { o.DirectoryToken = "" },
		"--domain":               func(o *app.Options) { o.Domain = "Example.com" },
		"--directory-url":        func(o *app.Options) { o.DirectoryURL = "nonsense" },
		"--snapshot":             func(o *app.Options) { o.Snapshot = "/proc/nowhere/x" },
		"--policy":               func(o *app.Options) { o.Policy = "/proc/nowhere/x" },
		"--issuer":               func(o *app.Options) { o.JWKSURL = "http://127.0.0.1:1/jwks" },
	} {
		opts := options(t)
		change(&opts)
		err := app.Run(t.Context(), opts, io.Discard, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
