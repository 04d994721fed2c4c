package cli_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

// Keys of the fake's operators.
var (
	adminKey  = "ctk_" + strings.Repeat("A", 43)
	viewerKey = "ctk_" + strings.Repeat("v", 43)
)

// noon is the tests' clock.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// fakePlane is a small control plane: the generated server in front of two
// cells and a few tenants in memory, with the real validator.
type fakePlane struct {
	api.StrictServerInterface // operations that cellctl does not use

	URL string

	mu        sync.Mutex
	cells     []api.Cell
	tenants   []api.Tenant
	domains   []api.Domain
	edges     map[tenancy.ID]directory.EdgePolicy
	operators []api.Key
	signups   map[string]api.SignupResult // by idempotency key
	keys      []string                    // idempotency keys in the order they came
	refuse    []error                     // answers to the next requests of any kind
	verify    int                         // how often a verification fails before it succeeds
	seen      []*http.Request
	scenes    []scene // of the migration; empty: one that succeeds
	created   int     // migrations
	broken    bool    // smoke tests fail
}

func startPlane(t *testing.T) *fakePlane {
	t.Helper()
	f := &fakePlane{signups: map[string]api.SignupResult{}, edges: map[tenancy.ID]directory.EdgePolicy{}, operators: seedKeys()}
	f.seed()
	spec, err := api.GetSpecJSON()
	if err != nil {
		t.Fatal(err)
	}
	validate, err := web.NewValidator(spec)
	if err != nil {
		t.Fatal(err)
	}
	w := web.New(web.Options{
		Component: "fake", Log: slog.New(slog.DiscardHandler), Validate: func(next http.Handler) http.Handler { return f.guard(validate(next)) },
		Streaming: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/import") },
	})
	router := mux.NewRouter()
	strict := api.NewStrictHandlerWithOptions(f, nil, api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: w.RenderBadRequest, ResponseErrorHandlerFunc: w.RenderError,
	})
	api.HandlerWithOptions(strict, api.GorillaServerOptions{BaseRouter: router, ErrorHandlerFunc: w.RenderBadRequest})
	server := httptest.NewServer(w.Handler(router))
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

// guard checks the key as the real one does, and refuses what it was told to.
func (f *fakePlane) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.seen = append(f.seen, r)
		var err error
		if len(f.refuse) > 0 {
			err, f.refuse = f.refuse[0], f.refuse[1:]
		}
		f.mu.Unlock()
		key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case err != nil:
		case r.URL.Path == "/v1/signups":
		case key != adminKey && key != viewerKey:
			err = fault.New(fault.Unauthenticated, "the API key is not valid")
		case key == viewerKey && r.Method != http.MethodGet:
			err = fault.New(fault.Forbidden, "this needs the role operator")
		}
		if err != nil {
			fault.WriteProblem(w, err, web.RequestID(r.Context()))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *fakePlane) seed() {
	headroom := 0.75
	f.cells = []api.Cell{
		{
			ID: "cell-a", Region: "us-central1", Tier: "standard", Endpoint: "http://127.0.0.1:8101", InternalEndpoint: "http://127.0.0.1:8102",
			State: directory.CellActive, Version: 7, CapacityTenants: 10000, AssignedTenants: 2500, Healthy: true, Headroom: &headroom, RegisteredAt: noon.Add(-72 * time.Hour),
			Heartbeat: &api.LastHeartbeat{At: noon.Add(-3 * time.Second), Tenants: 2500, CPU: 0.25, RequestsPerSecond: 123.4, QueueDepth: 5},
		},
		{
			ID: "cell-b", Region: "europe-west1", Tier: "standard", Endpoint: "http://127.0.0.1:8201", InternalEndpoint: "http://127.0.0.1:8202",
			State: directory.CellCordoned, Version: 9, CapacityTenants: 100, AssignedTenants: 1, RegisteredAt: noon.Add(-48 * time.Hour),
		},
		{ID: "cell-c", Region: "europe-west1", Tier: "standard", State: directory.CellDraining, CapacityTenants: 100, RegisteredAt: noon},
	}
	reason, residency, placed := "unpaid since May", "europe-west1", "most headroom of 2 cells"
	f.tenants = []api.Tenant{
		{TenantID: id(9), Slug: "acme", Organization: "Acme of old", Cell: "cell-b", Region: "europe-west1", State: directory.Deleted, Epoch: 1, Plan: "free", Version: 3, CreatedAt: noon.Add(-99 * 24 * time.Hour), UpdatedAt: noon},
		{TenantID: id(1), Slug: "acme", Organization: "Acme Inc", Domains: &[]string{"app.acme.com"}, Cell: "cell-a", Region: "us-central1", State: directory.Active, Epoch: 1, Plan: "team", Version: 11, PlacementReason: &placed, CreatedAt: noon.Add(-72 * time.Hour), UpdatedAt: noon.Add(-time.Hour)},
		{TenantID: id(2), Slug: "globex", Organization: "Globex\x1b[31m\nEvil", Cell: "cell-b", Region: "europe-west1", Residency: &residency, State: directory.Suspended, SuspendedReason: &reason, Epoch: 4, Plan: "free", Version: 12, CreatedAt: noon.Add(-90 * time.Minute), UpdatedAt: noon},
	}
	f.domains = []api.Domain{{Domain: "app.acme.com", State: api.Verified, ChallengeName: "_coditect.app.acme.com", ChallengeValue: "coditect=abc", CreatedAt: noon, VerifiedAt: &noon}}
}

func id(n byte) tenancy.ID {
	parsed, _ := tenancy.ParseID("0193b0c4-5d2e-7c1a-9f00-3a8b1c2d4e0" + string('0'+n))
	return parsed
}

// refuseNext makes the fake answer its next requests with these errors; a nil
// one lets a request through.
func (f *fakePlane) refuseNext(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = append(f.refuse, errs...)
}
