package citus_test

import (
	"context"
	"strings"
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestArrivalMayBeRepeated(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := arrival()
	ctx := t.Context()
	prepare := func(a cell.Arrival, want cell.FenceState) {
		t.Helper()
		f, err := db.mover.Prepare(ctx, a, "test")
		if err != nil || f.State != want || f.Epoch != a.Epoch {
			t.Errorf("prepare: %+v, %v; want %s", f, err, want)
		}
	}
	if _, err := db.mover.Activate(ctx, a.TenantID, 1, "test"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("activate before prepare: %v", err)
	}
	prepare(a, cell.Importing)
	prepare(a, cell.Importing)
	a.Organization = "Acme again"
	prepare(a, cell.Importing)
	for range 2 {
		f, err := db.mover.Activate(ctx, a.TenantID, 1, "test")
		if err != nil || f.State != cell.Live || f.Epoch != 1 {
			t.Errorf("activate: %+v, %v", f, err)
		}
	}
	prepare(a, cell.Live)
	other := a
	other.Organization = "Somebody else"
	if _, err := db.mover.Prepare(ctx, other, "test"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("other content: %v", err)
	}
	other = a
	other.Epoch = 2
	if _, err := db.mover.Prepare(ctx, other, "test"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("other epoch: %v", err)
	}
	if _, err := db.mover.Activate(ctx, a.TenantID, 2, "test"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("activate another epoch: %v", err)
	}
	o, err := db.store.GetOrganization(ctx, by(a, cell.OrganizationRead))
	if err != nil || o.Name != "Acme again" {
		t.Errorf("%+v, %v", o, err)
	}
	if jobs := query(t, db.dsn, `SELECT kind FROM jobs WHERE tenant_id = $1`, a.TenantID.String()); len(jobs) != 1 || jobs[0] != "welcome_email" {
		t.Errorf("jobs: %v", jobs)
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	_, err := db.addWorkspace(t.Context(), a, "one")
	must(t, err)
	if err := db.mover.Remove(t.Context(), a.TenantID, 0); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("an older epoch removed it: %v", err)
	}
	must(t, db.mover.Remove(t.Context(), a.TenantID, 1), db.mover.Remove(t.Context(), a.TenantID, 1))
	for _, table := range query(t, db.dsn, `SELECT table_name::text FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'`) {
		if n := query(t, db.dsn, `SELECT count(*)::text FROM `+table+` WHERE tenant_id = $1`, a.TenantID.String()); n[0] != "0" {
			t.Errorf("%s keeps %s rows", table, n[0])
		}
	}
}

func TestAdmitManyAtOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	arrivals := make([]cell.Arrival, 1000)
	for i := range arrivals {
		arrivals[i] = arrival()
	}
	held := arrivals[7]
	held.Organization = "Somebody else"
	_, err := db.mover.Prepare(t.Context(), held, "test")
	must(t, err)
	for range 2 { // the second time nothing changes
		admissions, err := db.mover.Admit(t.Context(), arrivals, "test")
		must(t, err)
		for i, ad := range admissions {
			want := cell.Live
			if i == 7 {
				want = cell.Importing
			}
			if ad.Fence.State != want || ad.Fence.TenantID != arrivals[i].TenantID || ad.Same != (i != 7) {
				t.Fatalf("arrival %d: %+v", i, ad)
			}
		}
	}
	for table, want := range map[string]string{"organizations": "1000", "users": "1000", "api_keys": "1000", "audit_logs": "1000", "tenant_gate": "1000", "jobs": "0"} {
		if n := query(t, db.dsn, `SELECT count(*)::text FROM `+table)[0]; n != want {
			t.Errorf("%s: %s rows, want %s", table, n, want)
		}
	}
	if _, err := db.addWorkspace(t.Context(), arrivals[999], "works"); err != nil {
		t.Error(err)
	}
	load, err := db.mover.MeasureLoad(t.Context())
	if err != nil || load.Tenants != 1000 || load.QueueDepth != 0 {
		t.Errorf("load: %+v, %v", load, err)
	}
	first, err := db.mover.Inventory(t.Context(), tenancy.ID{}, 600)
	must(t, err)
	rest, err := db.mover.Inventory(t.Context(), first[599].TenantID, 600)
	if err != nil || len(first) != 600 || len(rest) != 400 || strings.Compare(rest[0].TenantID.String(), first[599].TenantID.String()) <= 0 {
		t.Errorf("inventory: %d and %d, %v", len(first), len(rest), err)
	}
}

func TestSchemaIsAppliedOnce(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	for range 2 {
		version, err := citus.ApplySchema(t.Context(), dsn, passwords)
		if err != nil || version != citus.SchemaVersion {
			t.Fatalf("version %d, %v", version, err)
		}
	}
	empty := testkit.Postgres(t)
	mover, err := citus.OpenMover(t.Context(), empty, 1)
	must(t, err)
	defer mover.Close()
	if err := mover.CheckSchema(t.Context()); err == nil || !strings.Contains(err.Error(), "cell schema up") {
		t.Errorf("empty database: %v", err)
	}
}

func TestSchemaRefusesBadPasswordsWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	for _, bad := range []string{"", "short", "zażółć-gęślą", "new\nline-in-it"} {
		_, err := citus.ApplySchema(t.Context(), dsn, citus.Passwords{App: bad, Relay: passwords.Relay, Mover: passwords.Mover})
		if err == nil || !strings.Contains(err.Error(), "cell_app") || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("password %q: %v", bad, err)
		}
	}
	_, err := citus.ApplySchema(t.Context(), "postgres://u:hunter2@host:port/x", passwords)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("bad URL: %v", err)
	}
}

func BenchmarkAdmit(b *testing.B) {
	db := open(b)
	for b.Loop() {
		arrivals := make([]cell.Arrival, 1000)
		for i := range arrivals {
			arrivals[i] = arrival()
		}
		if _, err := db.mover.Admit(context.Background(), arrivals, "bench"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "tenants/s")
}
