package postgres_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

func withDomain(t *testing.T, db *postgres.DB, id tenancy.ID, name tenancy.Domain) {
	t.Helper()
	domains := postgres.DomainStore{DB: db}
	_, err := domains.Add(t.Context(), controlplane.Domain{TenantID: id, Name: name, Token: "token"})
	must(t, err)
	_, err = domains.Verify(t.Context(), id, name)
	must(t, err)
}

func TestLookup(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 100)
	acme := withTenant(t, db, "acme")
	withDomain(t, db, acme.TenantID, "app.acme.example.org")
	provisioning := newTenant("pending")
	must(t, postgres.SignupStore{DB: db}.Reserve(t.Context(), newSignup(provisioning, "key"), provisioning))
	want := get(t, db, acme.TenantID).Assignment
	keys := []directory.Key{
		{Kind: directory.BySlug, Value: "acme"},
		{Kind: directory.ByDomain, Value: "app.acme.example.org"},
		{Kind: directory.ByID, Value: acme.TenantID.String()},
		{Kind: directory.BySlug, Value: "nobody"},
		{Kind: directory.ByDomain, Value: "acme"},
		{Kind: directory.BySlug, Value: "pending"},
		{Kind: directory.ByID, Value: provisioning.TenantID.String()},
		{Kind: directory.ByID, Value: "acme"},
		{Kind: directory.BySlug, Value: "ACME"},
	}
	store := postgres.DirectoryStore{DB: db}
	many, version, err := store.LookupMany(t.Context(), keys)
	if err != nil || version != want.Version || len(many) != len(keys) {
		t.Fatalf("%d entries at %d, %v", len(many), version, err)
	}
	for i, key := range keys {
		one, at, err := store.Lookup(t.Context(), key)
		if err != nil || at != want.Version {
			t.Fatalf("%v: version %d, %v", key, at, err)
		}
		found := i < 3
		if (one != nil) != found || (many[i] != nil) != found {
			t.Fatalf("%v: %v, %v", key, one, many[i])
		}
		if found && (fmt.Sprint(one.Tenant) != fmt.Sprint(want) || one.Cell.ID != "cell-a" || fmt.Sprint(*one) != fmt.Sprint(*many[i])) {
			t.Errorf("%v: %+v, want %+v", key, one, want)
		}
	}
}

type sink struct {
	cells   map[string]directory.Cell
	tenants map[tenancy.ID]directory.Assignment
}

func (s *sink) Cell(c directory.Cell) error          { s.cells[c.ID] = c; return nil }
func (s *sink) Tenant(a *directory.Assignment) error { s.tenants[a.TenantID] = *a; return nil }

// What a reader learns from a snapshot and what it learns from the whole change
// log must be the same.
func TestSnapshotAgreesWithTheLog(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 5000)
	withCell(t, db, "cell-b", 10)
	_, err := postgres.ImportStore{DB: db}.Create(t.Context(), slugs("tenant", 1500), directory.Active)
	must(t, err)
	acme := withTenant(t, db, "acme")
	withDomain(t, db, acme.TenantID, "b.example.org")
	withDomain(t, db, acme.TenantID, "a.example.org")
	gone := reaped(t, db, withTenant(t, db, "gone"))
	store := postgres.DirectoryStore{DB: db}
	var raw bytes.Buffer
	must(t, store.WriteSnapshot(t.Context(), &raw))
	snapshot := sink{map[string]directory.Cell{}, map[tenancy.ID]directory.Assignment{}}
	version, err := directory.ReadSnapshot(&raw, &snapshot)
	must(t, err)
	log := sink{map[string]directory.Cell{}, map[tenancy.ID]directory.Assignment{}}
	run, err := store.Changes(t.Context(), 0, 5000)
	must(t, err)
	for _, c := range run.Changes {
		switch {
		case c.Cell != nil:
			log.cells[c.Cell.ID] = *c.Cell
		case c.Tenant.State == directory.Deleted:
			delete(log.tenants, c.Tenant.TenantID)
		default:
			log.tenants[c.Tenant.TenantID] = *c.Tenant
		}
	}
	if version != run.Last() || fmt.Sprint(snapshot) != fmt.Sprint(log) {
		t.Errorf("snapshot at %d, log at %d; %d and %d tenants", version, run.Last(), len(snapshot.tenants), len(log.tenants))
	}
	if _, there := snapshot.tenants[gone.TenantID]; there || len(snapshot.tenants[acme.TenantID].Domains) != 2 {
		t.Errorf("acme: %+v", snapshot.tenants[acme.TenantID])
	}
}

func reaped(t *testing.T, db *postgres.DB, tenant controlplane.Tenant) controlplane.Tenant {
	t.Helper()
	store := postgres.TenantStore{DB: db}
	deleting, _, err := tenant.Delete(time.Now().Add(-time.Second))
	must(t, err)
	_, err = store.Update(t.Context(), deleting, "tenant.delete")
	must(t, err)
	due, err := store.BeginReaping(t.Context(), time.Now(), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	must(t, store.Tombstone(t.Context(), due[0]))
	return due[0]
}
