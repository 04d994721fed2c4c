package billing_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// records are what cells recorded, and what that comes to in a meter's units.
type records struct {
	mu   sync.Mutex
	rows map[controlplane.UsageHead][]controlplane.UsageRow // by tenant and epoch
	sums map[tenancy.ID]map[string]int64
}

func newRecords() *records {
	return &records{rows: map[controlplane.UsageHead][]controlplane.UsageRow{}, sums: map[tenancy.ID]map[string]int64{}}
}

func (r *records) add(id tenancy.ID, epoch uint64, metric string, quantity int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := controlplane.UsageHead{Tenant: id, Epoch: epoch}
	r.rows[at] = append(r.rows[at], controlplane.UsageRow{Sequence: int64(len(r.rows[at])) + 1, Metric: metric, Quantity: quantity})
	meter, _ := plans.Default().MeterOf(metric)
	if r.sums[id] == nil {
		r.sums[id] = map[string]int64{}
	}
	r.sums[id][meter.Name] += meter.Units(quantity)
}

// Every cell has all records here: what a tenant left behind, and copies that are
// not whole, are the directory's to tell apart.
func (r *records) UsageHeads(_ context.Context, _ string, after controlplane.UsageHead, _ int) (heads []controlplane.UsageHead, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !after.Tenant.IsZero() {
		return nil, nil
	}
	for at, rows := range r.rows {
		at.Sequence = int64(len(rows))
		heads = append(heads, at)
	}
	return heads, nil
}

func (r *records) UsageRows(_ context.Context, _ string, after controlplane.UsageHead, limit int) ([]controlplane.UsageRow, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := r.rows[controlplane.UsageHead{Tenant: after.Tenant, Epoch: after.Epoch}]
	rows = rows[min(int(after.Sequence), len(rows)):]
	return append([]controlplane.UsageRow{}, rows[:min(limit, len(rows))]...), nil
}

func (r *records) All(context.Context) ([]controlplane.Cell, error) {
	return []controlplane.Cell{{ID: "cell-a"}, {ID: "cell-b"}}, nil
}

var errCrash = errors.New("killed here")

// crashes ends operations before or after they took effect.
type crashes struct {
	postgres.UsageStore
	*rand.Rand
	on bool
	mu sync.Mutex
}

func (c *crashes) around(do func() error) error {
	c.mu.Lock()
	when := 0
	if c.on {
		when = c.IntN(6)
	}
	c.mu.Unlock()
	if when == 1 {
		return errCrash
	}
	err := do()
	if when == 2 {
		return errCrash
	}
	return err
}

func (c *crashes) AddUsage(ctx context.Context, from controlplane.UsageHead, to int64, units map[string]int64) error {
	return c.around(func() error { return c.UsageStore.AddUsage(ctx, from, to, units) })
}

func (c *crashes) CutUsage(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = c.around(func() error { n, err = c.UsageStore.CutUsage(ctx, now, limit); return err })
	return n, err
}

func (c *crashes) ClaimEvents(ctx context.Context, now, until time.Time, limit int) (e []controlplane.MeterEvent, err error) {
	err = c.around(func() error { e, err = c.UsageStore.ClaimEvents(ctx, now, until, limit); return err })
	return e, err
}

func (c *crashes) EventSent(ctx context.Context, e controlplane.MeterEvent) error {
	return c.around(func() error { return c.UsageStore.EventSent(ctx, e) })
}

func (c *crashes) TryAfresh(ctx context.Context, e controlplane.MeterEvent, now time.Time) error {
	return c.around(func() error { return c.UsageStore.TryAfresh(ctx, e, now) })
}

// Crashes at every step, on either side of every request, days of silence in
// between, tenants that move: what Stripe has counted in the end is what was
// recorded.
func TestUsageIsCountedOnce(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.withCell(t, "cell-b", "standard")
	const seeds = 3
	for seed := range uint64(seeds) {
		c := &crashes{UsageStore: w.usage, Rand: rand.New(rand.NewPCG(seed, 1)), on: true}
		used := newRecords()
		collector := billing.Collector{Cells: used, Records: used, Ledger: c, Offered: plans.Default(), Metrics: w.metrics}
		teller := billing.Teller{Ledger: c, Stripe: stripe.NewMeters(w.client), Metrics: w.metrics, Clock: w.Now}
		customers := map[tenancy.ID]string{}
		for range 3 {
			id, customer := w.subscribed(t, "t-"+tenancy.NewID().String()[24:], "team", true)
			customers[id] = customer
		}
		w.FailWith(func(r *http.Request) *stripetest.Failure {
			if r.Method != http.MethodPost { // what is only asked may be asked again
				return nil
			}
			return []*stripetest.Failure{nil, nil, {Status: 500}, {Status: 500, After: true}, {After: true}, {}}[c.IntN(6)]
		})
		epoch := uint64(1)
		for range 12 {
			for id := range customers {
				for range c.IntN(4) {
					metric := []string{"api_calls", "storage_bytes", "seats", "jobs_done"}[c.IntN(4)]
					used.add(id, epoch, metric, c.Int64N(3<<20))
				}
			}
			_ = collector.RunOnce(ctx) // dies somewhere
			_ = teller.RunOnce(ctx)
			w.Advance([]time.Duration{time.Minute, 3 * time.Minute, time.Hour, 25 * time.Hour}[c.IntN(4)])
			if c.IntN(3) == 0 {
				epoch++
				w.move(t, customers)
			}
		}
		w.FailWith(nil)
		c.on = false
		for range 4 {
			w.Advance(5 * time.Minute)
			must(t, collector.RunOnce(ctx))
			must(t, teller.RunOnce(ctx))
		}
		for id, customer := range customers {
			for meter, want := range used.sums[id] {
				if got, _ := w.Used(customer, billing.EventName(meter)); got != want {
					t.Errorf("seed %d: %s: Stripe counted %d, %d were used", seed, meter, got, want)
				}
			}
		}
	}
}

// move has every tenant change its cell.
func (w *world) move(t *testing.T, of map[tenancy.ID]string) {
	t.Helper()
	for id := range of {
		must(t, w.exec(t, `UPDATE tenants SET cell_id = CASE cell_id WHEN 'cell-a' THEN 'cell-b' ELSE 'cell-a' END, epoch = epoch + 1 WHERE tenant_id = $1`, [16]byte(id)))
	}
}

// Records are read from the cell that the directory names, and from no other.
func TestACopyThatIsNotWholeIsNotRead(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.withCell(t, "cell-b", "standard")
	id := w.tenant(t, "acme")
	heads := []controlplane.UsageHead{{Tenant: id, Epoch: 1, Sequence: 7}, {Tenant: tenancy.NewID(), Epoch: 1, Sequence: 9}}
	if behind, err := w.usage.Behind(ctx, "cell-b", heads); err != nil || len(behind) != 0 {
		t.Errorf("%v, %v", behind, err)
	}
	behind, err := w.usage.Behind(ctx, "cell-a", heads)
	if err != nil || len(behind) != 1 || behind[0].Sequence != 0 {
		t.Fatalf("%v, %v", behind, err)
	}
	must(t, w.usage.AddUsage(ctx, behind[0], 7, map[string]int64{"jobs": 3}))
	if err := w.usage.AddUsage(ctx, behind[0], 7, map[string]int64{"jobs": 3}); err == nil {
		t.Error("added twice")
	}
	if behind, err := w.usage.Behind(ctx, "cell-a", heads); err != nil || len(behind) != 0 {
		t.Errorf("%v, %v", behind, err)
	}
}

// What is used while nothing is billed is waived, and is not charged later.
func TestFreeUsageIsWaived(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id := w.tenant(t, "acme")
	must(t, w.usage.AddUsage(ctx, controlplane.UsageHead{Tenant: id, Epoch: 1}, 1, map[string]int64{"jobs": 300}))
	teller := billing.Teller{Ledger: w.usage, Stripe: stripe.NewMeters(w.client), Metrics: w.metrics, Clock: w.Now}
	must(t, teller.RunOnce(ctx))
	url, err := w.desk.Checkout(ctx, id, billing.Order{Plan: "team", Interval: plans.Monthly}, "", "http://x", "http://x")
	must(t, err)
	_, err = w.CompleteCheckout(url)
	must(t, err)
	w.settle(t)
	must(t, w.usage.AddUsage(ctx, controlplane.UsageHead{Tenant: id, Epoch: 1, Sequence: 1}, 2, map[string]int64{"jobs": 40}))
	w.Advance(time.Minute)
	must(t, teller.RunOnce(ctx))
	if n, events := w.Used(w.account(t, id).Customer, "coditect_jobs"); n != 40 || events != 1 {
		t.Errorf("%d in %d events", n, events)
	}
}
