package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
)

// till is everything of billing; nil where nothing is billed.
type till struct {
	hooks     stripe.Hooks
	inbox     *billing.Inbox
	desk      billing.Desk
	syncer    *billing.Syncer
	reconcile *billing.Reconciler
	collector *billing.Collector
	teller    *billing.Teller
	figures   *figures
	metrics   *billing.Metrics
}

func newTill(opts Options, db *postgres.DB, cells *cellclient.Client, admin *telemetry.Admin, stack *run.Stack) *till {
	if opts.StripeKey == "" {
		return nil
	}
	client := stripe.New(stripe.Options{Key: opts.StripeKey, URL: opts.StripeURL})
	stack.PushClose("stripe", client.Close)
	accounts, usage, metrics := postgres.BillingStore{DB: db}, postgres.UsageStore{DB: db}, billing.NewMetrics(admin.Registry)
	tenants, cellStore := postgres.TenantStore{DB: db}, postgres.CellStore{DB: db}
	t := &till{hooks: stripe.Hooks{Secret: opts.StripeWebhookSecret}, metrics: metrics, figures: newFigures(admin.Registry, accounts)}
	t.syncer = &billing.Syncer{
		Looker: client, Changer: client, Store: accounts, Tenants: tenants, Cells: cellStore, Offered: opts.Offered, Metrics: metrics, Clock: opts.Clock, Wake: make(chan struct{}, 1),
	}
	t.inbox = billing.NewInbox(accounts, t.syncer.WakeUp)
	t.reconcile = &billing.Reconciler{Lister: client, Store: accounts, Wake: t.syncer.WakeUp, Metrics: metrics, Clock: opts.Clock}
	t.desk = billing.Desk{
		Accounts: accounts, Used: usage, Tenants: tenants, Cells: cellStore, Looker: client, Seller: client, Changer: client, Discounts: client, Offered: opts.Offered,
		Clock: opts.Clock, Wake: t.syncer.WakeUp,
	}
	t.collector = &billing.Collector{Cells: cellStore, Records: cells, Ledger: usage, Offered: opts.Offered, Metrics: metrics}
	t.teller = &billing.Teller{Ledger: usage, Stripe: stripe.NewMeters(client), Metrics: metrics, Clock: opts.Clock}
	return t
}

// tellEvery is how often usage is told at most: an event a meter and tenant.
const tellEvery = 5

func (t *till) jobs(opts Options) []job {
	if t == nil {
		return nil
	}
	return []job{
		{"billing", time.Second, 30 * time.Second, t.syncer.RunOnce, t.syncer.Wake},
		{"billing reconcile", time.Hour, time.Hour, t.reconcile.RunOnce, nil},
		{"usage", opts.UsageInterval, 10 * opts.UsageInterval, t.collector.RunOnce, nil},
		{"usage to stripe", tellEvery * opts.UsageInterval, 10 * tellEvery * opts.UsageInterval, t.teller.RunOnce, nil},
		{"billing figures", 15 * time.Second, time.Minute, t.figures.runOnce, nil},
	}
}

// figures shows what dashboards show of billing, read from the database.
type figures struct {
	accounts      postgres.BillingStore
	revenue       *prometheus.GaugeVec
	subscriptions *prometheus.GaugeVec
	standings     *prometheus.GaugeVec
	unbilled      *prometheus.GaugeVec
	churned       prometheus.Gauge
	due           prometheus.Gauge
	lag           prometheus.Gauge
}

func newFigures(r prometheus.Registerer, accounts postgres.BillingStore) *figures {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	vector := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	f := &figures{
		accounts:      accounts,
		revenue:       vector("controlplane_billing_monthly_revenue", "Monthly recurring revenue in the currency's smallest unit, after discounts, before tax and usage.", "currency"),
		subscriptions: vector("controlplane_billing_subscriptions", "Live subscriptions by plan and status.", "plan", "status"),
		standings:     vector("controlplane_billing_accounts", "Accounts by how they stand with their bills.", "standing"),
		unbilled:      vector("controlplane_billing_unbilled_usage", "Units of billed tenants' usage that Stripe was not told yet.", "meter"),
		churned:       gauge("controlplane_billing_churned_30d", "Subscriptions that ended within the last 30 days and were not followed by another."),
		due:           gauge("controlplane_billing_syncs_due", "Accounts that wait to be compared with Stripe."),
		lag:           gauge("controlplane_billing_sync_lag_seconds", "How long the account has waited that has waited longest."),
	}
	r.MustRegister(f.revenue, f.subscriptions, f.standings, f.unbilled, f.churned, f.due, f.lag)
	return f
}

func (f *figures) runOnce(ctx context.Context) error {
	now, err := f.accounts.Figures(ctx)
	if err != nil {
		return err
	}
	for _, v := range []*prometheus.GaugeVec{f.revenue, f.subscriptions, f.unbilled} {
		v.Reset() // a plan without subscriptions any more has none, not its last number
	}
	for currency, n := range now.Revenue {
		f.revenue.WithLabelValues(currency).Set(float64(n))
	}
	for of, n := range now.Subscriptions {
		f.subscriptions.WithLabelValues(of[0], of[1]).Set(float64(n))
	}
	for _, standing := range controlplane.Standings {
		f.standings.WithLabelValues(string(standing)).Set(float64(now.Standings[standing]))
	}
	for meter, n := range now.Unbilled {
		f.unbilled.WithLabelValues(meter).Set(float64(n))
	}
	f.churned.Set(float64(now.Churned))
	f.due.Set(float64(now.Due))
	f.lag.Set(now.Oldest.Seconds())
	return nil
}
