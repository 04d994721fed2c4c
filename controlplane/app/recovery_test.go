package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// beatRestored is a heartbeat of a cell that says whether it waits to be reconciled.
func (p *program) beatRestored(t *testing.T, cell string, reconciling bool) int {
	t.Helper()
	beat, err := p.client(t, controlplane.RoleAdmin).HeartbeatWithResponse(t.Context(), cell, api.Heartbeat{CapacityTenants: 100, Reconciling: &reconciling})
	if err != nil {
		t.Fatal(err)
	}
	return beat.StatusCode()
}

func (p *program) reconcile(t *testing.T, cell string, validateOnly bool) api.Reconciliation {
	t.Helper()
	got, err := p.client(t, controlplane.RoleAdmin).ReconcileCellWithResponse(t.Context(), cell, &api.ReconcileCellParams{ValidateOnly: &validateOnly})
	if err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	return *got.JSON200
}

// A restored cell that has lost a tenant waits for somebody; what the rules decide
// is then done, and what is lost is named. Doing it again changes nothing.
func TestARestoredCellIsReconciled(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 100)
	stays, leaves := p.signUp(t, "stays").Tenant.TenantID, p.signUp(t, "leaves").Tenant.TenantID
	before := cell.Residents()
	comes := p.signUp(t, "comes").Tenant.TenantID
	p.withCell(t, "cell-b", "us-central1", 100)
	p.rehome(t, leaves, "cell-b")

	cell.Restore(before) // "leaves" is live in it, "comes" is not in it
	if status := p.beatRestored(t, "cell-a", true); status != http.StatusNoContent {
		t.Fatalf("heartbeat: %d", status)
	}
	plan := p.reconcile(t, "cell-a", true)
	if plan.Serving || plan.Depart != 1 || len(plan.Lost) != 1 || plan.Lost[0].TenantID != comes || plan.Lost[0].What != "missing" || len(plan.Disputed) != 0 {
		t.Errorf("the plan: %+v", plan)
	}
	if cell.Residents()[leaves].State != fakecell.Live || cell.Serving() {
		t.Error("a plan changed something, or the cell was reconciled by itself although a tenant is lost")
	}
	if c := p.cellShown(t, "cell-a"); c.Healthy {
		t.Errorf("a cell that serves nobody is healthy: %+v", c)
	}

	p.reconcile(t, "cell-a", false)
	held := cell.Residents()
	if left := held[leaves]; left.State != fakecell.Departed || left.MovedTo != "cell-b" || left.MovedEpoch != 2 {
		t.Errorf("who left is %+v", left)
	}
	if held[stays].State != fakecell.Live || !cell.Serving() {
		t.Errorf("who stayed is %+v; the cell serves: %v", held[stays], cell.Serving())
	}
	if again := p.reconcile(t, "cell-a", false); again.Depart+again.Open+again.Close+again.Remove != 0 || !again.Serving || len(again.Lost) != 1 {
		t.Errorf("again: %+v", again)
	}
	status, _, body, err := p.do("GET", "/v1/audit?action=cell.reconcile", p.keys[controlplane.RoleViewer], "", nil)
	if err != nil || status != http.StatusOK || !strings.Contains(body, comes.String()) {
		t.Errorf("the audit log does not name the lost tenant: %v %d %s", err, status, body)
	}
}

func (p *program) cellShown(t *testing.T, id string) api.Cell {
	t.Helper()
	got, err := p.client(t, controlplane.RoleViewer).GetCellWithResponse(t.Context(), id)
	if err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	return *got.JSON200
}

// rehome brings a tenant from an archive into another cell.
func (p *program) rehome(t *testing.T, id tenancy.ID, cell string) api.Tenant {
	t.Helper()
	got, err := p.client(t, controlplane.RoleAdmin).RestoreTenantWithBodyWithResponse(t.Context(), id, &api.RestoreTenantParams{Cell: &cell}, "application/x-ndjson", strings.NewReader("an archive\n"))
	if err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	return got.JSON200.Tenant
}

// As after a failover: nothing is lost, so nobody is needed.
func TestACellThatHasLostNothingIsReconciledByItself(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 100)
	id := p.signUp(t, "stays").Tenant.TenantID
	held := cell.Residents()
	sealed := held[id]
	sealed.State = fakecell.Sealed // for a move that nobody knows of any more
	held[id] = sealed
	cell.Restore(held)
	p.beatRestored(t, "cell-a", true)
	testkit.Eventually(t, "the cell serves", cell.Serving)
	if state := cell.Residents()[id].State; state != fakecell.Live {
		t.Errorf("the tenant is %s", state)
	}
}

// A tenant that was brought from an archive is somewhere else under the next epoch,
// and the cell that it was taken from must not serve before it knows.
func TestACellThatLostItsTenantsInItsAbsence(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	old := p.withCell(t, "cell-a", "us-central1", 100)
	id := p.signUp(t, "acme").Tenant.TenantID
	p.withCell(t, "cell-b", "us-central1", 100)
	if moved := p.rehome(t, id, "cell-b"); moved.Cell != "cell-b" || moved.Epoch != 2 {
		t.Errorf("it is %+v", moved)
	}
	if a, b := p.cellShown(t, "cell-a").AssignedTenants, p.cellShown(t, "cell-b").AssignedTenants; a != 0 || b != 1 {
		t.Errorf("places: %d and %d", a, b)
	}
	if status := p.beatRestored(t, "cell-a", false); status != http.StatusConflict {
		t.Errorf("its heartbeat is answered %d", status)
	}
	old.Restore(old.Residents()) // it distrusts its database
	if status := p.beatRestored(t, "cell-a", true); status != http.StatusNoContent {
		t.Errorf("its heartbeat is answered %d", status)
	}
	testkit.Eventually(t, "it is reconciled", old.Serving)
	if held := old.Residents()[id]; held.State != fakecell.Departed {
		t.Errorf("it has %+v", held)
	}
	if status := p.beatRestored(t, "cell-a", false); status != http.StatusNoContent {
		t.Errorf("its heartbeat is answered %d", status)
	}
	if again := p.rehome(t, id, "cell-b"); again.Epoch != 3 { // in its own cell: a state from before
		t.Errorf("it is %+v", again)
	}
}

func TestTenantsThatCannotBeRestored(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 100)
	id := p.signUp(t, "acme").Tenant.TenantID
	admin, nowhere := p.client(t, controlplane.RoleAdmin), "cell-z"
	for _, c := range []struct {
		name, body string
		id         tenancy.ID
		params     api.RestoreTenantParams
		want       int
	}{
		{"an unknown tenant", "x", tenancy.NewID(), api.RestoreTenantParams{}, http.StatusNotFound},
		{"an unknown cell", "x", id, api.RestoreTenantParams{Cell: &nowhere}, http.StatusNotFound},
		{"what is no archive", "", id, api.RestoreTenantParams{}, http.StatusConflict},
	} {
		got, err := admin.RestoreTenantWithBodyWithResponse(t.Context(), c.id, &c.params, "application/x-ndjson", strings.NewReader(c.body))
		if err != nil || got.StatusCode() != c.want {
			t.Errorf("%s: %v %d %s", c.name, err, got.StatusCode(), got.Body)
		}
	}
}

// A directory that is lost is made anew from the cells; its versions are above
// those that routers know.
func TestTheDirectoryIsRebuilt(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	a := p.withCell(t, "cell-a", "us-central1", 100)
	b := p.withCell(t, "cell-b", "us-central1", 100)
	same, behind := p.signUp(t, "same"), p.signUp(t, "behind")
	cells := map[string]*fakecell.Cell{"cell-a": a, "cell-b": b}
	elsewhere := map[string]string{"cell-a": "cell-b", "cell-b": "cell-a"}[behind.Tenant.Cell]

	unknown, torn, twin := tenancy.NewID(), tenancy.NewID(), tenancy.NewID()
	a.Put(unknown, fakecell.Resident{State: fakecell.Departed, Epoch: 4, Slug: "unknown", MovedTo: "cell-b", MovedEpoch: 5})
	b.Put(unknown, fakecell.Resident{State: fakecell.Live, Epoch: 5, Slug: "unknown", Plan: "free"})
	a.Put(torn, fakecell.Resident{State: fakecell.Live, Epoch: 2, Slug: "torn", Plan: "free"})
	b.Put(torn, fakecell.Resident{State: fakecell.Live, Epoch: 2, Slug: "torn", Plan: "free"})
	a.Put(twin, fakecell.Resident{State: fakecell.Live, Epoch: 1, Slug: "same", Plan: "free"})
	cells[elsewhere].Put(behind.Tenant.TenantID, fakecell.Resident{State: fakecell.Live, Epoch: 2, Slug: "behind", Plan: "free"})

	rebuild := func(validateOnly bool) api.Rebuilding {
		got, err := p.client(t, controlplane.RoleAdmin).RebuildDirectoryWithResponse(t.Context(), &api.RebuildDirectoryParams{ValidateOnly: &validateOnly})
		if err != nil || got.JSON200 == nil {
			t.Fatalf("%v, %s", err, got.Body)
		}
		return *got.JSON200
	}
	plan := rebuild(true)
	if plan.Cells != 2 || plan.Same != 1 || len(plan.Created) != 2 || len(plan.Corrected) != 1 || len(plan.Disputed) != 1 || len(plan.Lost) != 0 {
		t.Errorf("the plan: %+v", plan)
	}
	version := p.directoryVersion(t)
	done := rebuild(false)
	if len(done.Disputed) != 2 { // the twin has lost its slug
		t.Errorf("done: %+v", done)
	}
	if after := p.directoryVersion(t); after < version+1_000_000_000 {
		t.Errorf("the version went from %d to %d", version, after)
	}
	for id, want := range map[tenancy.ID]struct {
		cell  string
		epoch uint64
	}{same.Tenant.TenantID: {same.Tenant.Cell, 1}, behind.Tenant.TenantID: {elsewhere, 2}, unknown: {"cell-b", 5}} {
		got, err := p.client(t, controlplane.RoleViewer).GetTenantWithResponse(t.Context(), id)
		if err != nil || got.JSON200 == nil || got.JSON200.Cell != want.cell || got.JSON200.Epoch != want.epoch || got.JSON200.State != directory.Active {
			t.Errorf("tenant %s: %v %s", id, err, got.Body)
		}
	}
	if again := rebuild(false); again.Same != 3 || len(again.Created) != 1 { // the twin asks again
		t.Errorf("again: %+v", again)
	}
	p.signUp(t, "afterwards")
	p.wantWholeLog(t)
}

func (p *program) directoryVersion(t *testing.T) (version uint64) {
	t.Helper()
	p.scan(t, `SELECT version FROM directory_counter`, &version)
	return version
}

func (p *program) scan(t *testing.T, query string, into ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), query).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// wantWholeLog checks that the change log has no gap behind where it begins.
func (p *program) wantWholeLog(t *testing.T) {
	t.Helper()
	var whole bool
	p.scan(t, `SELECT (SELECT count(*) FROM directory_changes) = (SELECT version FROM directory_counter) - (SELECT pruned FROM directory_relay)
		AND (SELECT count(DISTINCT version) = count(*) FROM tenants WHERE state <> 'provisioning')`, &whole)
	if !whole {
		t.Error("the change log has gaps, or two tenants have one version")
	}
}

// A directory that was lost tells nobody that there is no tenant, until it was
// rebuilt.
func TestALostDirectoryAnswersNobody(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	if err := app.HoldDirectory(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	p := start(t, options(dsn))
	ask := func(path string) int {
		status, _, _, err := p.do("GET", path, p.keys[controlplane.RoleRouter], "", nil)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	readers := []string{"/v1/directory/lookup?kind=slug&value=acme", "/v1/directory/changes?since=0", "/v1/directory/snapshot"}
	for _, path := range readers {
		if status := ask(path); status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, status)
		}
	}
	cell := p.withCell(t, "cell-a", "us-central1", 100)
	if got, err := p.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "too-early"}, signupRequest("early")); err != nil || got.StatusCode() != http.StatusServiceUnavailable {
		t.Errorf("a sign-up: %v %s", err, got.Body)
	}
	id := tenancy.NewID()
	cell.Put(id, fakecell.Resident{State: fakecell.Live, Epoch: 3, Slug: "acme", Plan: "free"})
	got, err := p.client(t, controlplane.RoleAdmin).RebuildDirectoryWithResponse(t.Context(), &api.RebuildDirectoryParams{})
	if err != nil || got.JSON200 == nil || len(got.JSON200.Created) != 1 {
		t.Fatalf("%v %s", err, got.Body)
	}
	testkit.Eventually(t, "it answers", func() bool { return ask(readers[0]) == http.StatusOK })
	for _, path := range readers[2:] {
		if status := ask(path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
}
