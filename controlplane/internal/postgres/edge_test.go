package postgres_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// fullPolicy uses every member, with what databases like to change: order,
// numbers, blanks, quotes.
func fullPolicy() *directory.EdgePolicy {
	rules := &directory.HeaderRules{Remove: []string{"X-B", "X-A"}, Set: []directory.Header{{Name: "X-Z", Value: `s3cret <"\>  x`}, {Name: "X-A"}}}
	return &directory.EdgePolicy{
		CORS: &directory.CORS{
			AllowedOrigins: []string{"https://b.example.org", "https://a.example.org"}, AllowedMethods: []string{"PUT", "GET"}, AllowedHeaders: []string{"X-A"},
			ExposedHeaders: []string{"ETag"}, AllowCredentials: true, MaxAgeSeconds: 60,
		},
		RequestHeaders: rules, ResponseHeaders: rules,
		Limits: []directory.Limit{{Class: "write", PerSecond: 0.125, Burst: 3, Concurrent: 2, MaxBody: 1 << 40}, {Class: "*", PerSecond: 1e6}},
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

// withEdge gives a tenant a policy by the rules.
func withEdge(t *testing.T, db *postgres.DB, id tenancy.ID, p *directory.EdgePolicy) controlplane.Tenant {
	t.Helper()
	next, changed, err := get(t, db, id).SetEdge(p)
	must(t, err)
	if !changed {
		t.Fatal("nothing changed")
	}
	after, err := postgres.TenantStore{DB: db}.Update(t.Context(), next, "tenant.edge")
	must(t, err)
	return after
}

// wantEdge asks every reader of the directory for the tenant's assignment.
func wantEdge(t *testing.T, db *postgres.DB, want controlplane.Tenant) {
	t.Helper()
	store := postgres.DirectoryStore{DB: db}
	key := directory.Key{Kind: directory.BySlug, Value: string(want.Slug)}
	one, _, err := store.Lookup(t.Context(), key)
	must(t, err)
	byID, _, err := store.Lookup(t.Context(), directory.Key{Kind: directory.ByID, Value: want.TenantID.String()})
	must(t, err)
	many, _, err := store.LookupMany(t.Context(), []directory.Key{{Kind: directory.BySlug, Value: "nobody"}, key})
	must(t, err)
	run, err := store.Changes(t.Context(), want.Version-1, 1)
	must(t, err)
	var raw bytes.Buffer
	must(t, store.WriteSnapshot(t.Context(), &raw))
	snapshot := sink{map[string]directory.Cell{}, map[tenancy.ID]directory.Assignment{}}
	_, err = directory.ReadSnapshot(&raw, &snapshot)
	must(t, err)
	for where, got := range map[string]any{
		"tenant": get(t, db, want.TenantID).Assignment, "lookup": one.Tenant, "lookup by id": byID.Tenant, "lookups": many[1].Tenant,
		"changes": run.Changes[0].Tenant, "snapshot": snapshot.tenants[want.TenantID],
	} {
		if text := asJSON(t, got); text != asJSON(t, want.Assignment) {
			t.Errorf("%s: %s, want %s", where, text, asJSON(t, want.Assignment))
		}
	}
}

func TestAnEdgePolicyReachesEveryReader(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	acme, other := withTenant(t, db, "acme"), withTenant(t, db, "other")
	wantEdge(t, db, acme)
	after := withEdge(t, db, acme.TenantID, fullPolicy())
	if after.Version != other.Version+1 {
		t.Errorf("version %d after %d", after.Version, other.Version)
	}
	wantEdge(t, db, after)
	suspended, _, err := after.Suspend("unpaid") // other changes leave it alone
	must(t, err)
	suspended, err = postgres.TenantStore{DB: db}.Update(t.Context(), suspended, "tenant.suspend")
	must(t, err)
	wantEdge(t, db, suspended)
	withDomain(t, db, acme.TenantID, "app.example.org")
	wantEdge(t, db, get(t, db, acme.TenantID))
	wantEdge(t, db, withEdge(t, db, acme.TenantID, nil))
	wantEdge(t, db, other)
}

func TestAPolicyIsSetFromOneVersion(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	before := withTenant(t, db, "acme")
	withEdge(t, db, before.TenantID, fullPolicy())
	next, _, err := before.SetEdge(&directory.EdgePolicy{Limits: []directory.Limit{{Class: "*"}}})
	must(t, err)
	_, err = postgres.TenantStore{DB: db}.Update(t.Context(), next, "tenant.edge")
	wantCode(t, "a policy from an older version", err, fault.Stale)
	if now := get(t, db, before.TenantID); asJSON(t, now.Edge) != asJSON(t, fullPolicy()) {
		t.Errorf("%+v", now.Edge)
	}
}

func TestAPolicyEndsWithItsTenant(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	tenant := withTenant(t, db, "acme")
	withEdge(t, db, tenant.TenantID, fullPolicy())
	gone := reaped(t, db, get(t, db, tenant.TenantID))
	run, err := postgres.DirectoryStore{DB: db}.Changes(t.Context(), gone.Version, 1)
	must(t, err)
	if dead := get(t, db, tenant.TenantID); dead.Edge != nil || run.Changes[0].Tenant.State != directory.Deleted || run.Changes[0].Tenant.Edge != nil {
		t.Errorf("%+v, %+v", dead.Edge, run.Changes[0].Tenant)
	}
}

func TestTheAuditLogKeepsAPolicysShapeOnly(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	tenant := withTenant(t, db, "acme")
	withEdge(t, db, tenant.TenantID, fullPolicy())
	entries, err := postgres.AuditStore{DB: db}.List(t.Context(), controlplane.AuditFilter{Action: "tenant.edge"}, controlplane.Page{Limit: 10})
	must(t, err)
	text := asJSON(t, entries)
	if len(entries) != 1 || !strings.Contains(text, "https://a.example.org") || !strings.Contains(text, "X-Z") || strings.Contains(text, "s3cret") {
		t.Errorf("%s", text)
	}
}

func TestAPlanChangeIsAVersion(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	tenant := withTenant(t, db, "acme")
	next, _, err := tenant.SetPlan("team", "standard", "standard")
	must(t, err)
	after, err := postgres.TenantStore{DB: db}.Update(t.Context(), next, "tenant.plan")
	must(t, err)
	if after.Plan != "team" || after.Version != tenant.Version+1 {
		t.Errorf("%+v", after)
	}
	wantEdge(t, db, after)
}

// Many large policies make a run shorter, so that readers can take it.
func TestARunOfLargePoliciesIsShort(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 10)
	tenant := withTenant(t, db, "acme")
	const changes, size = 320, 15 << 10
	for i := range changes {
		large := &directory.EdgePolicy{RequestHeaders: &directory.HeaderRules{}}
		for j := range size >> 10 {
			large.RequestHeaders.Set = append(large.RequestHeaders.Set, directory.Header{Name: fmt.Sprintf("X-%d-%d", i, j), Value: strings.Repeat("v", 1<<10)})
		}
		withEdge(t, db, tenant.TenantID, large)
	}
	store, runs := postgres.DirectoryStore{DB: db}, 0
	for since := tenant.Version; since < tenant.Version+changes; runs++ {
		run, err := store.Changes(t.Context(), since, 5000)
		must(t, err)
		if len(run.Changes) == 0 || run.Changes[0].Version != since+1 || len(asJSON(t, run)) > 5<<20 {
			t.Fatalf("%d changes after %d, %d bytes", len(run.Changes), since, len(asJSON(t, run)))
		}
		since = run.Last()
	}
	if runs < 2 {
		t.Errorf("all in %d run", runs)
	}
}
