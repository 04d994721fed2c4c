package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
)

// cluster gives the platform's real cells versions: a label, and a process that was
// started anew. The version "broken" is one that cannot reach its database. It also
// stands in for Prometheus: the real metrics of the real cells, and the division
// that slo.rules.yaml makes of them.
type cluster struct {
	p      *local.Platform
	url    string
	mu     sync.Mutex
	labels map[string]string
	log    []string // "cell version", in order
	seen   map[string][]tally
	hold   chan struct{} // if not nil, an application waits here once it has begun
	begun  chan struct{} // and says so here
}

// tally is how many requests a cell had answered at a time.
type tally struct {
	at         time.Time
	bad, total float64
}

func startCluster(t *testing.T, p *local.Platform) *cluster {
	t.Helper()
	c := &cluster{p: p, labels: map[string]string{"cell-a": "v1", "cell-b": "v1"}, seen: map[string][]tally{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version/{cell}", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		fmt.Fprintln(w, c.labels[r.PathValue("cell")])
	})
	mux.HandleFunc("GET /apply/{cell}/{version}", func(w http.ResponseWriter, r *http.Request) {
		if err := c.apply(r.Context(), r.PathValue("cell"), r.PathValue("version")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /api/v1/query", c.query)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.url = server.URL
	t.Cleanup(func() {
		for _, cell := range []string{"cell-a", "cell-b"} {
			startAll(t, p, "pgbouncer-"+cell, cell+"-api")
		}
	})
	return c
}

func (c *cluster) apply(ctx context.Context, cell, version string) error {
	c.mu.Lock()
	hold, begun := c.hold, c.begun
	c.hold = nil
	c.log = append(c.log, cell+" "+version)
	c.mu.Unlock()
	if hold != nil {
		close(begun)
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := c.p.Stop(ctx, cell+"-api"); err != nil {
		return err
	}
	// Whatever comes of the client now, the cell is not left half-way.
	ctx = context.WithoutCancel(ctx)
	err := errors.Join(c.p.Start(ctx, "pgbouncer-"+cell), c.p.Start(ctx, cell+"-api"))
	if version == "broken" {
		err = errors.Join(err, c.p.Stop(ctx, "pgbouncer-"+cell))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.labels[cell] = version
	return err
}

var (
	cellLabel = regexp.MustCompile(`cell="([a-z-]+)"`)
	answered  = regexp.MustCompile(`^cell_http_request_duration_seconds_count\{.*status="([1-5]xx)".*\} (\S+)$`)
)

func (c *cluster) query(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query().Get("query")
	cell := cellLabel.FindStringSubmatch(query)[1]
	now, err := c.scrape(r.Context(), cell)
	result := []any{}
	add := func(metric map[string]string, value float64) {
		result = append(result, map[string]any{"metric": metric, "value": []any{now.at.Unix(), strconv.FormatFloat(value, 'g', -1, 64)}})
	}
	switch {
	case err != nil: // absent
	case strings.Contains(query, "up{"):
		add(nil, 1)
	default:
		c.mu.Lock()
		first := c.seen[cell][max(0, len(c.seen[cell])-5)]
		c.mu.Unlock()
		if total := now.total - first.total; total > 0 {
			add(map[string]string{"slo": "CellAvailability"}, (now.bad-first.bad)/total/0.001)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "vector", "result": result}})
}

// scrape reads a cell's metrics. A process that was started anew counts from 0.
func (c *cluster) scrape(ctx context.Context, cell string) (now tally, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", c.p.State().Ports[cell+"-admin"]), nil)
	if err != nil {
		return now, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return now, err
	}
	defer response.Body.Close()
	now.at = time.Now()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if m := answered.FindStringSubmatch(lines.Text()); m != nil {
			value, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				return now, err
			}
			if now.total += value; m[1] == "5xx" {
				now.bad += value
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if list := c.seen[cell]; len(list) > 0 && list[len(list)-1].total > now.total {
		c.seen[cell] = nil
	}
	c.seen[cell] = append(c.seen[cell], now)
	return now, nil
}

// traffic is what tenants of both cells do all the while.
func traffic(t *testing.T, p *local.Platform, tenants ...tenant) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for _, x := range tenants {
		group.Go(func() {
			for ctx.Err() == nil {
				// A write: what was read before is remembered, and needs no database.
				_, _, _, _ = trySend(ctx, request{
					method: "POST", url: p.State().Endpoints.Routers[us].URL + "/v1/workspaces", host: x.Slug + ".localhost", key: x.Key,
					body: fmt.Sprintf(`{"name":%q}`, rand.Text()),
				})
				pause(ctx, 20*time.Millisecond)
			}
		})
	}
	t.Cleanup(func() { cancel(); group.Wait() })
}

// cellctl is the real program, with the operator's key.
func (c *cluster) cellctl(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	at := c.p.State().Endpoints.ControlPlane
	cmd := exec.CommandContext(ctx, filepath.Join(c.p.BinDir(), "cellctl"), append(args, "--server", at.URL)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Env = append(os.Environ(), "CELLCTL_API_KEY="+at.Token, "CELLCTL_CONFIG="+filepath.Join(os.TempDir(), "no-contexts"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	return cmd, &said
}

func (c *cluster) wants(t *testing.T, version string, log ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.labels["cell-a"] != version || c.labels["cell-b"] != version || !slices.Equal(c.log, log) {
		t.Errorf("cells run %v after %v; want %s after %v", c.labels, c.log, version, log)
	}
	c.log = nil
}

// A good version reaches both cells, also over an interruption in the middle of the
// first; a broken one is taken back from the canary before the other cell has it.
func TestAVersionIsRolledOutAndABrokenOneTakenBack(t *testing.T) {
	p := platform(t)
	c := startCluster(t, p)
	a, b := signUp(t, p, us), signUp(t, p, eu)
	traffic(t, p, a, b)
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte(`#!/bin/bash
set -euo pipefail
exec curl --silent --show-error --fail-with-body "`+c.url+`/$1/$2${3:+/$3}"
`), 0o700); err != nil {
		t.Fatal(err)
	}
	start := func(ctx context.Context, version string) (*exec.Cmd, *bytes.Buffer) {
		return c.cellctl(ctx, "rollout", "start", version, "--program", program, "--prometheus", c.url, "--file", filepath.Join(dir, version+".json"),
			"--canary", "cell-a", "--waves", "1,100%", "--bake", "1500ms", "--check-every", "250ms", "--patience", "5s", "--yes")
	}

	ctx, interrupt := context.WithCancel(t.Context())
	c.mu.Lock()
	c.hold, c.begun = make(chan struct{}), make(chan struct{})
	begun := c.begun
	c.mu.Unlock()
	cmd, said := start(ctx, "v2")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-begun
	interrupt()
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), "cellctl rollout resume --file") {
		t.Fatalf("%v: %s", err, said)
	}
	c.wants(t, "v1", "cell-a v2")
	cmd, said = c.cellctl(t.Context(), "rollout", "resume", "--file", filepath.Join(dir, "v2.json"))
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	c.wants(t, "v2", "cell-a v2", "cell-b v2")

	cmd, said = start(t.Context(), "broken")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 7 || !strings.Contains(said.String(), "CellAvailability of cell-a burns") {
		t.Fatalf("%v: %s", err, said)
	}
	c.wants(t, "v2", "cell-a broken", "cell-a v2")
	eventuallyServed(t, p, a, us)
	eventuallyServed(t, p, b, eu)
}
