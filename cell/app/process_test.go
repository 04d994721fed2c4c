package app_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

func TestOptionsSayWhatToDo(t *testing.T) {
	t.Parallel()
	opts := app.DefaultAPIOptions()
	opts.Advertise, opts.ControlplaneURL = "ftp://x", "http://user:hunter2@x/path"
	err := app.RunAPI(t.Context(), opts)
	for _, word := range []string{"--cell", "--region", "CELL_DATABASE_URL", "CELL_MOVER_DATABASE_URL", "CELL_EDGE_KEY", "CELL_CONTROL_KEY", "CELL_CONTROLPLANE_TOKEN", "--advertise", "--controlplane-url"} {
		if err == nil || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("nothing said about %s: %v", word, err)
		}
	}
	worker := app.DefaultWorkerOptions()
	worker.TenantURL = "http://localhost"
	err = app.RunWorker(t.Context(), worker)
	for _, word := range []string{"--cell", "--tenant-url", "CELL_DATABASE_URL", "CELL_RELAY_DATABASE_URL", "CELL_AMQP_URL"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("nothing said about %s: %v", word, err)
		}
	}
	if _, err := app.SchemaUp(t.Context(), app.SchemaOptions{}); err == nil || !strings.Contains(err.Error(), "CELL_MOVER_PASSWORD") {
		t.Errorf("schema: %v", err)
	}
}

func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	opts := app.DefaultAPIOptions()
	opts.Cell, opts.Region, opts.EdgeKey, opts.ControlKey = "cell-test", "us-central1", edgeKey, controlKey
	opts.DatabaseURL, opts.MoverDatabaseURL = testkit.Postgres(t), testkit.Postgres(t)
	opts.Listen, opts.InternalListen, opts.AdminListen = taken.Addr().String(), "127.0.0.1:0", "127.0.0.1:0"
	if err := app.RunAPI(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "choose another") {
		t.Errorf("port taken: %v", err)
	}
	opts.Listen = "127.0.0.1:0"
	if err := app.RunAPI(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "cell schema up") {
		t.Errorf("no schema: %v", err)
	}
	opts.DatabaseURL = "postgres://u:hunter2@host:port/db"
	if err := app.RunAPI(t.Context(), opts); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("bad URL: %v", err)
	}
}

func TestReadyAndMetrics(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	expect(t, p.asTenant(t, p.admit(t), request{method: "GET", target: "/v1/users"}), 200)
	plain := func(*http.Request) {}
	if a := p.do(t, p.addresses.Admin, request{method: "GET", target: "/readyz"}, plain); a.status != 200 {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
	if a := p.do(t, p.addresses.Admin, request{method: "GET", target: "/metrics"}, plain); !strings.Contains(string(a.body), `route="/v1/users"`) {
		t.Errorf("metrics: %s", a.body)
	}
}

func TestDatabaseDownIsUnavailableNotBroken(t *testing.T) {
	t.Parallel()
	port := testkit.FreePorts(t, 1)[0]
	p := start(t, func(o *app.APIOptions) {
		o.DatabaseURL = "postgres://cell_app:x@127.0.0.1:" + strconv.Itoa(port) + "/cell"
	})
	a := p.asTenant(t, p.admit(t), request{method: "GET", target: "/v1/organization"})
	if a.status != 503 || a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "127.0.0.1") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := p.do(t, p.addresses.Admin, request{method: "GET", target: "/readyz"}, func(*http.Request) {}); a.status != 503 {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
}

// fakeControlPlane knows no cell until it registers, and forgets on demand.
type fakeControlPlane struct {
	mu            sync.Mutex
	registrations []map[string]any
	heartbeats    []map[string]any
	token         string
}

func (f *fakeControlPlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var body map[string]any
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.token = r.Header.Get("Authorization")
	switch r.Method + " " + r.URL.Path {
	case "PUT /v1/cells/cell-test":
		f.registrations = append(f.registrations, body)
	case "POST /v1/cells/cell-test/heartbeat":
		f.heartbeats = append(f.heartbeats, body)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusTeapot)
	}
}

func (f *fakeControlPlane) state() (registrations, heartbeats []map[string]any, token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]map[string]any(nil), f.registrations...), append([]map[string]any(nil), f.heartbeats...), f.token
}

func TestTheCellRegistersAndReports(t *testing.T) {
	t.Parallel()
	control := &fakeControlPlane{}
	server := httptest.NewServer(control)
	t.Cleanup(server.Close)
	p := start(t, func(o *app.APIOptions) {
		o.ControlplaneURL, o.ControlplaneToken, o.AdvertiseInternal, o.CapacityTenants = server.URL, "ctk_test", "http://cell.internal:1", 77
	})
	testkit.Eventually(t, "a heartbeat", func() bool { _, beats, _ := control.state(); return len(beats) > 0 })
	registrations, beats, token := control.state()
	r := registrations[0]
	if r["region"] != "us-central1" || r["tier"] != "standard" || r["endpoint"] != "http://"+p.addresses.API.String() ||
		r["internal_endpoint"] != "http://cell.internal:1" || r["capacity_tenants"] != 77.0 || token != "Bearer ctk_test" {
		t.Errorf("registration: %v, token %q", r, token)
	}
	if b := beats[0]; b["tenants"] != 0.0 || b["capacity_tenants"] != 77.0 || b["reconciling"] != false || len(b) != 6 {
		t.Errorf("heartbeat: %v", b)
	}
}

func TestControlPlaneDownDoesNotMatter(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *app.APIOptions) {
		o.ControlplaneURL, o.ControlplaneToken = "http://127.0.0.1:"+strconv.Itoa(testkit.FreePorts(t, 1)[0]), "ctk_test"
	})
	expect(t, p.asTenant(t, p.admit(t), request{method: "GET", target: "/v1/organization"}), 200)
}
