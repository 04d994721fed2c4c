package billing_test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// BenchmarkWebhooks verifies and keeps webhooks of many customers at once, as
// they arrive, and then settles them all. The time is that of keeping them.
// x-alone compares with events that get a statement each, in the same run.
func BenchmarkWebhooks(b *testing.B) {
	w := newWorld(b)
	const customers, concurrent = 50, 32
	var known [customers]string
	for i := range known {
		_, known[i] = w.subscribed(b, "shop-"+strconv.Itoa(i), "team", false)
	}
	n := 0
	verified := func() []controlplane.BillingEvent {
		events := make([]controlplane.BillingEvent, b.N)
		for i := range events {
			n++
			body := invoicePaid(n, known[n%customers])
			var err error
			if events[i], err = (stripe.Hooks{Secret: "whsec_x"}).Verify(body, stripetest.Signature(body, "whsec_x", time.Now())); err != nil {
				b.Fatal(err)
			}
		}
		return events
	}
	rate := func(events []controlplane.BillingEvent, take func(controlplane.BillingEvent) error) float64 {
		begin := time.Now()
		var group errgroup.Group
		group.SetLimit(concurrent)
		for _, e := range events {
			group.Go(func() error { return take(e) })
		}
		if err := group.Wait(); err != nil {
			b.Error(err)
		}
		return float64(len(events)) / time.Since(begin).Seconds()
	}
	first, second := verified(), verified()
	alone := rate(first, func(e controlplane.BillingEvent) error {
		_, err := w.accounts.Receive(b.Context(), "webhook", []controlplane.BillingEvent{e})
		return err
	})
	begin := time.Now()
	b.ResetTimer()
	together := rate(second, func(e controlplane.BillingEvent) error { return w.inbox.Take(b.Context(), e) })
	b.StopTimer()
	b.ReportMetric(together, "webhooks/s")
	b.ReportMetric(together/alone, "x-alone")
	if err := w.syncer.RunOnce(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "settled/s")
}

// invoicePaid is a webhook of the usual size.
func invoicePaid(n int, customer string) []byte {
	line := `{"id":"il_1","object":"line_item","amount":4900,"currency":"usd","description":"1 x Team","metadata":{"coditect_plan":"team"},"period":{"start":1772357415,"end":1775035815}}`
	return fmt.Appendf(nil, `{"id":"evt_b%d","object":"event","api_version":"2023-10-16","created":1772357415,"type":"invoice.paid","data":{"object":{"object":"invoice","customer":%q,"lines":{"data":[%s]}}}}`,
		n, customer, strings.Repeat(line+",", 19)+line)
}

// BenchmarkUsage adds the records of many tenants to the ledger: an operation is
// one record. records/day/core is what one core of this process would do; the
// database's share comes besides.
func BenchmarkUsage(b *testing.B) {
	w := newWorld(b)
	used := newRecords()
	const tenants = 200
	ids := make([]tenancy.ID, tenants)
	for i := range ids {
		ids[i] = w.tenant(b, "shop-"+strconv.Itoa(i))
	}
	for i := range b.N {
		used.add(ids[i%tenants], 1, "api_calls", 10)
	}
	collector := billing.Collector{Cells: used, Records: used, Ledger: w.usage, Offered: plans.Default(), Metrics: w.metrics}
	before := cpu()
	b.ResetTimer()
	if err := collector.RunOnce(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/(cpu()-before).Seconds()*86_400, "records/day/core")
	if behind, err := w.usage.Behind(b.Context(), "cell-a", []controlplane.UsageHead{{Tenant: ids[0], Epoch: 1, Sequence: 1}}); err != nil || len(behind) != 0 {
		b.Fatalf("%v, %v", behind, err)
	}
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for other arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
