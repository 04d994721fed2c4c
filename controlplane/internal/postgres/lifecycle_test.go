package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestACellFillsUpAndRetiresEmpty(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 2)
	cells, imports := postgres.CellStore{DB: db}, postgres.ImportStore{DB: db}
	_, err := imports.Create(t.Context(), slugs("many", 3), directory.Active)
	wantCode(t, "three into two places", err, fault.Stale)
	tenant := withTenant(t, db, "acme")
	_, err = cells.SetState(t.Context(), "cell-a", directory.CellCordoned, directory.CellDraining)
	wantCode(t, "wrong expectation", err, fault.Stale)
	_, err = cells.SetState(t.Context(), "cell-a", directory.CellCordoned, "")
	must(t, err)
	_, err = imports.Create(t.Context(), slugs("more", 1), directory.Active)
	wantCode(t, "into a cordoned cell", err, fault.Stale)
	_, err = cells.SetState(t.Context(), "cell-a", directory.CellRetired, "")
	wantCode(t, "retire with a tenant", err, fault.Conflict)
	reaped(t, db, tenant)
	retired, err := cells.SetState(t.Context(), "cell-a", directory.CellRetired, "")
	if err != nil || retired.AssignedTenants != 0 {
		t.Fatalf("%+v, %v", retired, err)
	}
	_, err = cells.Register(t.Context(), "cell-a", retired.CellRegistration)
	wantCode(t, "register a retired cell", err, fault.Conflict)
	wantCode(t, "heartbeat of no cell", cells.Heartbeat(t.Context(), "cell-z", controlplane.Heartbeat{CapacityTenants: 1}), fault.NotFound)
}

func TestRegisteringAgainChangesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 5)
	cells := postgres.CellStore{DB: db}
	before, err := cells.Get(t.Context(), "cell-a")
	must(t, err)
	same, err := cells.Register(t.Context(), "cell-a", before.CellRegistration)
	if err != nil || same.Version != before.Version || same.State != directory.CellActive {
		t.Errorf("%+v, %v", same, err)
	}
	moved := before.CellRegistration
	moved.Endpoint = "http://127.0.0.1:3"
	after, err := cells.Register(t.Context(), "cell-a", moved)
	if err != nil || after.Version != before.Version+1 || after.Endpoint != moved.Endpoint {
		t.Errorf("%+v, %v", after, err)
	}
}

func TestTombstoneFreesNamesAndKeepsTheID(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 5)
	tenant := withTenant(t, db, "acme")
	withDomain(t, db, tenant.TenantID, "acme.example.org")
	reaped(t, db, get(t, db, tenant.TenantID))
	again := withTenant(t, db, "acme")
	withDomain(t, db, again.TenantID, "acme.example.org")
	if dead := get(t, db, tenant.TenantID); dead.State != directory.Deleted || dead.Organization != "" || dead.Domains != nil {
		t.Errorf("%+v", dead)
	}
	other := newTenant("other")
	other.TenantID = tenant.TenantID
	_, err := postgres.ImportStore{DB: db}.Create(t.Context(), []controlplane.Tenant{other}, directory.Active)
	wantCode(t, "an id for the second time", err, fault.Stale)
	if found, _, err := (postgres.DirectoryStore{DB: db}).Lookup(t.Context(), directory.Key{Kind: directory.ByID, Value: tenant.TenantID.String()}); found != nil || err != nil {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestReapingAndResumingNeverCross(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 5)
	store := postgres.TenantStore{DB: db}
	tenant := withTenant(t, db, "acme")
	deleting, _, err := tenant.Delete(time.Now().Add(-time.Second))
	must(t, err)
	deleting, err = store.Update(t.Context(), deleting, "tenant.delete")
	must(t, err)
	resumed, _, err := deleting.Resume() // decided before the reaper's mark, stored after it
	must(t, err)
	due, err := store.BeginReaping(t.Context(), time.Now(), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("%v, %v", due, err)
	}
	_, err = store.Update(t.Context(), resumed, "tenant.resume")
	wantCode(t, "resume after the mark", err, fault.Stale)
	if again, err := store.BeginReaping(t.Context(), time.Now(), 10); err != nil || len(again) != 1 {
		t.Errorf("a reaper that died left %v, %v", again, err)
	}
}

func TestADomainHasOneOwner(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 5)
	a, b := withTenant(t, db, "acme"), withTenant(t, db, "bolt")
	domains := postgres.DomainStore{DB: db}
	const name = tenancy.Domain("app.example.org")
	for _, id := range []tenancy.ID{a.TenantID, b.TenantID} {
		_, err := domains.Add(t.Context(), controlplane.Domain{TenantID: id, Name: name, Token: id.String()})
		must(t, err)
	}
	if same, err := domains.Add(t.Context(), controlplane.Domain{TenantID: a.TenantID, Name: name, Token: "other"}); err != nil || same.Token != a.TenantID.String() {
		t.Errorf("added again: %+v, %v", same, err)
	}
	_, err := domains.Verify(t.Context(), a.TenantID, name)
	must(t, err)
	_, err = domains.Verify(t.Context(), b.TenantID, name)
	wantCode(t, "second owner", err, fault.Conflict)
	if got := get(t, db, a.TenantID); len(got.Domains) != 1 || got.Version <= a.Version {
		t.Errorf("%+v", got)
	}
	must(t, domains.Remove(t.Context(), a.TenantID, name))
	must(t, domains.Remove(t.Context(), a.TenantID, name))
	_, err = domains.Verify(t.Context(), b.TenantID, name)
	must(t, err)
	if got := get(t, db, a.TenantID); got.Domains != nil {
		t.Errorf("%+v", got)
	}
}

func TestSignupStepsAreFenced(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 5)
	store := postgres.SignupStore{DB: db}
	tenant := newTenant("acme")
	su := newSignup(tenant, "key")
	must(t, store.Reserve(t.Context(), su, tenant))
	rival := newTenant("acme")
	wantCode(t, "same slug", store.Reserve(t.Context(), newSignup(rival, "other"), rival), fault.Conflict)
	wantCode(t, "same key", store.Reserve(t.Context(), newSignup(rival, "key"), rival), fault.Conflict)
	now := time.Now()
	_, err := store.Take(t.Context(), su, uuid.New(), now, now.Add(time.Minute))
	wantCode(t, "take a held lease", err, fault.Conflict)
	must(t, store.Release(t.Context(), su, now))
	taken, err := store.Take(t.Context(), su, uuid.New(), now, now.Add(time.Minute))
	must(t, err)
	wantCode(t, "commit without the lease", store.Commit(t.Context(), su), fault.Conflict)
	wantCode(t, "finish before commit", store.Finish(t.Context(), taken), fault.Conflict)
	must(t, store.Commit(t.Context(), taken))
	wantCode(t, "undo after commit", store.Undo(t.Context(), taken, now), fault.Conflict)
	must(t, store.Finish(t.Context(), taken))
	if got := get(t, db, tenant.TenantID); got.State != directory.Active || got.Version == 0 {
		t.Errorf("%+v", got)
	}
}

func TestUndoLeavesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 1)
	store, removals := postgres.SignupStore{DB: db}, postgres.RemovalStore{DB: db}
	tenant := newTenant("acme")
	su := newSignup(tenant, "key")
	must(t, store.Reserve(t.Context(), su, tenant))
	at := time.Now().Add(time.Minute)
	must(t, store.Undo(t.Context(), su, at))
	_, err := postgres.TenantStore{DB: db}.Get(t.Context(), tenant.TenantID)
	wantCode(t, "the tenant", err, fault.NotFound)
	if due, err := removals.Due(t.Context(), time.Now(), 10); len(due) != 0 || err != nil {
		t.Errorf("due at once: %v, %v", due, err)
	}
	due, err := removals.Due(t.Context(), at, 10)
	if err != nil || len(due) != 1 || due[0].TenantID != tenant.TenantID {
		t.Fatalf("due later: %v, %v", due, err)
	}
	must(t, removals.Done(t.Context(), due[0]))
	next := newTenant("acme") // slug and place are free
	retry := newSignup(next, "key")
	retry.ID = su.ID
	must(t, store.Reserve(t.Context(), retry, next))
	must(t, store.Commit(t.Context(), retry))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	db := open(t)
	store := postgres.KeyStore{DB: db}
	key := controlplane.Key{Name: "root", Role: controlplane.RoleAdmin}
	first, _ := controlplane.HashSecret(controlplane.NewSecret())
	second, _ := controlplane.HashSecret(controlplane.NewSecret())
	for i, want := range []bool{true, false} {
		if changed, err := store.Ensure(t.Context(), key, first); changed != want || err != nil {
			t.Errorf("ensure %d: %v, %v", i, changed, err)
		}
	}
	_, err := store.Ensure(t.Context(), controlplane.Key{Name: "twin", Role: controlplane.RoleViewer}, first)
	wantCode(t, "a secret for the second time", err, fault.Conflict)
	_, err = store.Create(t.Context(), key, second)
	wantCode(t, "a name for the second time", err, fault.Conflict)
	if changed, err := store.Ensure(t.Context(), key, second); !changed || err != nil {
		t.Errorf("rotate: %v, %v", changed, err)
	}
	_, err = store.ByHash(t.Context(), first)
	wantCode(t, "the old secret", err, fault.NotFound)
	must(t, store.Revoke(t.Context(), "root"))
	must(t, store.Revoke(t.Context(), "root"))
	wantCode(t, "revoke nobody", store.Revoke(t.Context(), "nobody"), fault.NotFound)
	_, err = store.Ensure(t.Context(), key, first)
	wantCode(t, "revive", err, fault.Conflict)
	entries, err := postgres.AuditStore{DB: db}.List(t.Context(), controlplane.AuditFilter{Target: "root"}, controlplane.Page{Limit: 10})
	if err != nil || len(entries) != 3 || entries[0].Action != "key.revoke" || entries[0].Actor != "system" {
		t.Errorf("audit: %+v, %v", entries, err)
	}
}

func TestTenantPages(t *testing.T) {
	t.Parallel()
	db := open(t)
	withCell(t, db, "cell-a", 500)
	_, err := postgres.ImportStore{DB: db}.Create(t.Context(), slugs("tenant", 25), directory.Active)
	must(t, err)
	suspended := withTenant(t, db, "acme")
	next, _, err := suspended.Suspend("")
	must(t, err)
	store := postgres.TenantStore{DB: db}
	_, err = store.Update(t.Context(), next, "tenant.suspend")
	must(t, err)
	for filter, want := range map[controlplane.TenantFilter]int{
		{}: 26, {State: directory.Suspended}: 1, {State: directory.Active}: 25, {State: directory.Deleted}: 0, {Cell: "cell-a"}: 26, {Cell: "cell-b"}: 0,
		{Slug: "acme"}: 1, {Slug: "tenant-7", Plan: "free"}: 1, {Plan: "team"}: 0, {Slug: "nobody"}: 0,
	} {
		total, after := 0, ""
		for {
			page, err := store.List(t.Context(), filter, controlplane.Page{Limit: 10, After: after})
			must(t, err)
			total += len(page)
			if len(page) < 10 {
				break
			}
			after = page[len(page)-1].TenantID.String()
		}
		if total != want {
			t.Errorf("%+v: %d, want %d", filter, total, want)
		}
	}
	_, err = store.List(t.Context(), controlplane.TenantFilter{}, controlplane.Page{Limit: 10, After: "x"})
	wantCode(t, "another's cursor", err, fault.Invalid)
}

func TestSchemaVersionIsTheNewestFile(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	pool, err := pg.Open(t.Context(), dsn, pg.PoolOptions{MaxConns: 2})
	must(t, err)
	t.Cleanup(pool.Close)
	db := postgres.New(pool, time.Now)
	if err := db.CheckSchema(t.Context()); !errors.Is(err, postgres.ErrSchema) {
		t.Errorf("an empty database: %v", err)
	}
	for range 2 {
		if version, err := postgres.ApplySchema(t.Context(), dsn); version != postgres.SchemaVersion || err != nil {
			t.Errorf("version %d, %v", version, err)
		}
	}
	must(t, db.CheckSchema(t.Context()))
}
