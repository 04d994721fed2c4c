package billing_test

import (
	"context"
	"flag"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) {
	if os.Getenv(workerDatabase) != "" {
		worker()
		return
	}
	_ = flag.Set("rapid.checks", "20") // each is some months of billing; the command line may want more
	testkit.Main(m)
}

const (
	apiKey = "sk_test_of_the_fake"
	day    = 24 * time.Hour
)

var start = time.Date(2026, 3, 1, 9, 30, 15, 0, time.UTC)

// world is a control plane's billing with a real database, and a Stripe that is
// not. Its time is the fake's.
type world struct {
	*stripetest.Server
	url, dsn string
	db       *postgres.DB
	client   *stripe.Client
	accounts postgres.BillingStore
	usage    postgres.UsageStore
	syncer   *billing.Syncer
	desk     billing.Desk
	inbox    *billing.Inbox
	metrics  *billing.Metrics
	exec     func(t testing.TB, sql string, args ...any) error
	count    func(t testing.TB, sql string) int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Server: stripetest.New(stripetest.Options{Now: start, Key: apiKey, WebhookSecret: "whsec_x", BaseURL: "http://stripe.example", TaxPercent: 19})}
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	w.url = server.URL
	w.client = stripe.New(stripe.Options{Key: apiKey, URL: server.URL})
	t.Cleanup(w.client.Close)
	w.dsn = databaseURL(t)
	pool, err := pg.Open(t.Context(), w.dsn, pg.PoolOptions{MaxConns: 12})
	must(t, err)
	t.Cleanup(pool.Close)
	w.db = postgres.New(pool, w.Now)
	w.exec = func(t testing.TB, sql string, args ...any) error {
		t.Helper()
		_, err := pool.Exec(t.Context(), sql, args...)
		return err
	}
	w.count = func(t testing.TB, sql string) (n int) {
		t.Helper()
		must(t, pool.QueryRow(t.Context(), sql).Scan(&n))
		return n
	}
	w.accounts, w.usage, w.metrics = postgres.BillingStore{DB: w.db}, postgres.UsageStore{DB: w.db}, billing.NewMetrics(prometheus.NewRegistry())
	tenants, cells := postgres.TenantStore{DB: w.db}, postgres.CellStore{DB: w.db}
	w.syncer = &billing.Syncer{
		Looker: w.client, Changer: w.client, Store: w.accounts, Tenants: tenants, Cells: cells, Offered: plans.Default(), Metrics: w.metrics, Clock: w.Now, Wake: make(chan struct{}, 1),
	}
	w.desk = billing.Desk{
		Accounts: w.accounts, Used: w.usage, Tenants: tenants, Cells: cells, Looker: w.client, Seller: w.client, Changer: w.client, Discounts: w.client, Offered: plans.Default(),
		Clock: w.Now, Wake: w.syncer.WakeUp,
	}
	w.inbox = billing.NewInbox(w.accounts, w.syncer.WakeUp)
	w.withCell(t, "cell-a", "standard")
	if _, err := (billing.Stocker{Shelf: w.client, Offered: plans.Default()}).Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.TakeEvents()
	return w
}

func databaseURL(t testing.TB) string {
	t.Helper()
	return testkit.PostgresWithSchema(t, "controlplane", func(ctx context.Context, dsn string) error {
		_, err := postgres.ApplySchema(ctx, dsn)
		return err
	})
}

func (w *world) withCell(t testing.TB, id, tier string) {
	t.Helper()
	_, err := postgres.CellStore{DB: w.db}.Register(t.Context(), id, controlplane.CellRegistration{
		Region: "us-central1", Tier: tier, Endpoint: "http://127.0.0.1:1", InternalEndpoint: "http://127.0.0.1:2", CapacityTenants: 100_000,
	})
	if err == nil {
		err = postgres.CellStore{DB: w.db}.Heartbeat(t.Context(), id, controlplane.Heartbeat{At: w.Now(), CapacityTenants: 100_000})
	}
	must(t, err)
}

// tenant makes an active tenant of the free plan in cell-a.
func (w *world) tenant(t testing.TB, slug string) tenancy.ID {
	t.Helper()
	created, err := postgres.ImportStore{DB: w.db}.Create(t.Context(), []controlplane.Tenant{{
		Assignment:   directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(slug), Cell: "cell-a", Epoch: 1, Plan: "free"},
		Organization: "Org " + slug,
	}}, directory.Active)
	if err != nil || len(created) != 1 {
		t.Fatalf("%v, %v", created, err)
	}
	return created[0].TenantID
}

// subscribed makes a tenant that has just subscribed; trial says whether its
// trial is to be over.
func (w *world) subscribed(t testing.TB, slug, plan string, afterTrial bool) (tenancy.ID, string) {
	t.Helper()
	id := w.tenant(t, slug)
	url, err := w.desk.Checkout(t.Context(), id, billing.Order{Plan: plan, Interval: plans.Monthly}, "", "http://x/ok", "http://x/no")
	must(t, err)
	if _, err := w.CompleteCheckout(url); err != nil {
		t.Fatal(err)
	}
	if afterTrial {
		w.Advance(15 * day)
	}
	w.settle(t)
	return id, w.account(t, id).Customer
}

// settle delivers what has happened and syncs what is due.
func (w *world) settle(t testing.TB) {
	t.Helper()
	hooks := stripe.Hooks{Secret: "whsec_x"}
	for _, e := range w.TakeEvents() {
		event, err := hooks.Verify(e.Payload, stripetest.Signature(e.Payload, "whsec_x", time.Now()))
		must(t, err)
		must(t, w.inbox.Take(t.Context(), event))
	}
	must(t, w.syncer.RunOnce(t.Context()))
}

func (w *world) account(t testing.TB, id tenancy.ID) controlplane.BillingAccount {
	t.Helper()
	a, err := w.desk.Show(t.Context(), id)
	must(t, err)
	return a
}

func (w *world) get(t testing.TB, id tenancy.ID) controlplane.Tenant {
	t.Helper()
	tenant, err := postgres.TenantStore{DB: w.db}.Get(t.Context(), id)
	must(t, err)
	return tenant
}

// want checks what a tenant is served, and how it stands.
func (w *world) want(t testing.TB, id tenancy.ID, when, plan string, standing controlplane.Standing) {
	t.Helper()
	tenant, a := w.get(t, id), w.account(t, id)
	if tenant.Plan != plan || a.Standing != standing || directory.AccessOf(tenant.Edge) != standing.Access() {
		t.Errorf("%s: plan %s, %s, access %q; want %s, %s", when, tenant.Plan, a.Standing, directory.AccessOf(tenant.Edge), plan, standing)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
