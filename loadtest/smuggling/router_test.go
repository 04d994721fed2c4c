//go:build smuggling

package smuggling_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// count is a request that the router counted: a line of its access log.
type count struct {
	Msg    string
	ID     string `json:"request_id"`
	Method string
	Host   string
	Path   string
	Tenant string
	Cell   string // where it was forwarded; "": it was not
	Status int
	Hops   int
}

// router is what stands between clients and servers.
type router struct {
	addr  string
	admin string
	stop  func(t *testing.T)
	log   string // file
}

// openPolicy lets every request through without a credential.
const openPolicy = `{"default_plan": "free", "plans": {"free": {}}, "routes": [{"prefix": "/", "class": "all", "public": true}]}`

// newRouter runs the real router. All it has of a control plane is the snapshot
// on its disk.
func newRouter(t *testing.T, behind []*server) *router {
	t.Helper()
	dir, ports := t.TempDir(), testkit.FreePorts(t, 2)
	policy, snapshot := filepath.Join(dir, "policy.json"), filepath.Join(dir, "directory.snapshot")
	if err := errors.Join(os.WriteFile(policy, []byte(openPolicy), 0o600), writeSnapshot(snapshot, behind)); err != nil {
		t.Fatal(err)
	}
	r := &router{addr: loopback(ports[0]), admin: "http://" + loopback(ports[1]), log: filepath.Join(dir, "log")}
	r.stop = start(t, servers.Spec{
		Name: "router", Path: filepath.Join(build(t, "./router/cmd/router"), "router"), Dir: dir, Ready: readyz(ports[1]), StopWithin: 30 * time.Second,
		Args: []string{
			"--listen", r.addr, "--admin-listen", loopback(ports[1]), "--domain", "localhost", "--snapshot", snapshot, "--policy", policy,
			"--directory-url", "http://127.0.0.1:1", "--nats-url", "nats://127.0.0.1:1", "--log-level", "error", "--request-timeout", "10s",
		},
		Env: []string{"ROUTER_EDGE_KEY=" + hex.EncodeToString([]byte(masterKey)), "ROUTER_DIRECTORY_TOKEN=none"},
	})
	return r
}

// writeSnapshot writes a directory with one cell and one tenant a server.
func writeSnapshot(path string, behind []*server) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := directory.NewSnapshotWriter(file)
	for i, s := range behind {
		err = errors.Join(err, w.Cell(directory.Cell{ID: s.name, Region: "here", Endpoint: s.endpoint, State: directory.CellActive, Version: uint64(i + 1)}))
	}
	for i, s := range behind {
		err = errors.Join(err, w.Tenant(&directory.Assignment{
			TenantID: s.id, Slug: tenancy.Slug(s.name), Cell: s.name, State: directory.Active, Epoch: 1, Plan: "free", Version: uint64(len(behind) + i + 1),
		}))
	}
	return errors.Join(err, w.Close(uint64(2*len(behind))), file.Close())
}

// counts are what the router counted, once it was stopped, in the log's order.
func (r *router) counts(t *testing.T) []*count {
	t.Helper()
	raw, err := os.ReadFile(r.log)
	if err != nil {
		t.Fatal(err)
	}
	var all []*count
	for line := range bytes.Lines(raw) {
		c := new(count)
		if err := json.Unmarshal(line, c); err != nil {
			t.Errorf("the router's log: %v: %.300s", err, line)
			continue
		}
		if c.Msg == "access" {
			all = append(all, c)
		}
	}
	return all
}

// metrics are how many requests the router's metrics have for each cell, once
// no client is connected.
func (r *router) metrics(t *testing.T) map[string]int {
	t.Helper()
	perCell := map[string]int{}
	testkit.EventuallyOK(t, "the router to have no client", func() error {
		resp, err := http.Get(r.admin + "/metrics")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		clear(perCell)
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case name == "router_client_connections" && value != "0":
				return fmt.Errorf("%s are connected", value)
			case strings.HasPrefix(name, "router_request_duration_seconds_count{"):
				_, rest, _ := strings.Cut(name, `cell="`)
				cell, _, _ := strings.Cut(rest, `"`)
				n, err := strconv.Atoi(value)
				if err != nil {
					return err
				}
				perCell[cell] += n
			}
		}
		return nil
	})
	return perCell
}
