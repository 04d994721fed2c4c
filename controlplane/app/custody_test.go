package app_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/custody"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// collector is one of the program's replicas, at the test's command.
func (p *program) collector(t *testing.T) *custody.Collector {
	t.Helper()
	pool, err := pg.Open(t.Context(), p.dsn, pg.PoolOptions{MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	db := postgres.New(pool, time.Now)
	client := cellclient.New(postgres.CellStore{DB: db}, master, time.Now)
	t.Cleanup(client.Close)
	return &custody.Collector{
		Store: postgres.CheckpointStore{DB: db}, Cells: postgres.CellStore{DB: db}, Source: client, Master: master, Clock: time.Now,
		Log: slog.New(slog.DiscardHandler), Suspect: custody.NewSuspectCounter(prometheus.NewRegistry()),
	}
}

func collect(t *testing.T, c *custody.Collector) {
	t.Helper()
	if err := c.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *program) verifyAudit(t *testing.T, id tenancy.ID) api.AuditReport {
	t.Helper()
	got, err := p.client(t, controlplane.RoleOperator).VerifyTenantAuditWithResponse(t.Context(), id)
	if err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	return *got.JSON200
}

func (p *program) keptNumber(t *testing.T, id tenancy.ID) int64 {
	t.Helper()
	got, err := p.client(t, controlplane.RoleViewer).GetAuditCheckpointWithResponse(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode() == http.StatusNotFound {
		return 0
	}
	if got.JSON200 == nil || !got.JSON200.Checkpoint.Genuine() {
		t.Fatalf("%s", got.Body)
	}
	return got.JSON200.Checkpoint.No
}

// The newest checkpoint is kept, and a log that is cut off in the cell with
// its checkpoints is found by it, and by what the cell signs next.
func TestCutOffAuditLogsAreFound(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	acme, other := p.signUp(t, "acme").Tenant.TenantID, p.signUp(t, "initech").Tenant.TenantID
	c := p.collector(t)
	now := time.Now()
	if p.keptNumber(t, acme) != 0 || !p.verifyAudit(t, acme).Intact || p.verifyAudit(t, acme).Against != nil {
		t.Error("something is kept before anything was signed")
	}
	for i := range 3 {
		cell.Sign(acme, now.Add(time.Duration(i-60)*time.Minute))
		cell.Sign(other, now.Add(time.Duration(i-60)*time.Minute))
	}
	collect(t, c)
	collect(t, c)
	if acme, other := p.keptNumber(t, acme), p.keptNumber(t, other); acme != 3 || other != 3 {
		t.Fatalf("kept are %d and %d", acme, other)
	}
	if r := p.verifyAudit(t, acme); !r.Intact || r.Against.Checkpoint.No != 3 {
		t.Errorf("%+v", r)
	}
	cell.Forget(acme, 1)
	collect(t, c)
	if r := p.verifyAudit(t, acme); r.Intact || len(r.Findings) != 1 || r.Findings[0].Kind != "chain_cut_off" {
		t.Errorf("cut off: %+v", r)
	}
	cell.Sign(acme, now) // goes on with number 2
	collect(t, c)
	r := p.verifyAudit(t, acme)
	if r.Intact || len(r.Findings) != 2 || r.Findings[1].Kind != "suspect" || r.Against.Suspicion == nil || r.Against.Checkpoint.No != 3 {
		t.Errorf("gone on: %+v", r)
	}
	if r := p.verifyAudit(t, other); !r.Intact {
		t.Errorf("the other tenant: %+v", r)
	}
}

// A cell is believed of its own tenants only, and only what a cell signed.
func TestForeignCheckpointsAreNotKept(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	a, b := p.withCell(t, "cell-a", "us-central1", 10), p.withCell(t, "cell-b", "europe-west1", 10)
	id := p.signUp(t, "acme").Tenant.TenantID
	home, stranger := a, b
	if len(a.Residents()) == 0 {
		home, stranger = b, a
	}
	now := time.Now()
	genuine := home.Sign(id, now)
	for range 3 {
		stranger.Sign(id, now)
	}
	forged := genuine
	forged.No = 9
	home.Forge(forged)
	collect(t, p.collector(t))
	if n := p.keptNumber(t, id); n != 1 {
		t.Errorf("number %d is kept", n)
	}
}

// What a cell has signed is fetched in pages, and another replica goes on where
// one ended.
func TestCheckpointsAreFetchedInPages(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 10)
	id := p.signUp(t, "acme").Tenant.TenantID
	begin := time.Now().Add(-48 * time.Hour)
	const signed = 2100
	for i := range signed {
		cell.Sign(id, begin.Add(time.Duration(i)*time.Second))
	}
	before := cell.Pages()
	collect(t, p.collector(t))
	if n, pages := p.keptNumber(t, id), cell.Pages()-before; n != signed || pages < 2 { // the program itself may have looked, too
		t.Errorf("number %d is kept after %d pages", n, pages)
	}
	cell.Sign(id, time.Now())
	before = cell.Pages()
	collect(t, p.collector(t))
	if n, pages := p.keptNumber(t, id), cell.Pages()-before; n != signed+1 || pages > 2 {
		t.Errorf("then number %d is kept after %d pages", n, pages)
	}
}
