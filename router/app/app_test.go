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
		case "/v1/directory/lookups":
			var request directory.LookupRequest
			if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
				t.Error(err)
			}
			answer := directory.LookupAnswer{Version: 5}
			for _, k := range request.Keys {
				if k != (directory.Key{Kind: directory.BySlug, Value: string(entry.Tenant.Slug)}) {
					answer.Entries = append(answer.Entries, nil)
					continue
				}
				answer.Entries = append(answer.Entries, &entry)
			}
			_ = json.NewEncoder(w).Encode(answer)
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

// What cannot be read on disk is thrown away, and the directory comes from the
// control plane; a router that keeps only what is asked for restarts with it.
func TestUnreadableSnapshotsAreDiscarded(t *testing.T) {
	t.Parallel()
	cell := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer cell.Close()
	control := controlPlane(t, directory.Entry{
		Tenant: directory.Assignment{TenantID: tenancy.NewID(), Slug: "acme", Cell: "cell-a", State: directory.Active, Epoch: 1, Version: 4},
		Cell:   directory.Cell{ID: "cell-a", Endpoint: cell.URL, State: directory.CellActive, Version: 1},
	})
	defer control.Close()
	for name, content := range map[string]string{"older format": "CTDIRSN\x01\x04\x06\x01\x00", "nonsense": "nonsense", "empty": ""} {
		for _, mode := range []app.CacheMode{app.CacheFull, app.CacheLRU} {
			opts := options(t)
			opts.Cache, opts.DirectoryURL, opts.Policy = mode, control.URL, openPolicy(t)
			if err := os.WriteFile(opts.Snapshot, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			first := start(t, opts)
			if status := get(t, first.edge, "acme.localhost", "/"); status != http.StatusNoContent {
				t.Errorf("%s, %s: %d", name, mode, status)
			}
			first.stop()
			opts.DirectoryURL = "http://127.0.0.1:1"
			second := start(t, opts)
			if status := get(t, second.edge, "acme.localhost", "/"); status != http.StatusNoContent {
				t.Errorf("%s, %s, restarted alone: %d", name, mode, status)
			}
			second.stop()
		}
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
		"--cache":                func(o *app.Options) { o.Cache = "some" },
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
