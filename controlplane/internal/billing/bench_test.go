package billing_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// BenchmarkWebhooks verifies and keeps webhooks of many customers at once, as
// they arrive, and then settles them all. The time is that of keeping them.
func BenchmarkWebhooks(b *testing.B) {
	w := newWorld(b)
	const customers = 50
	var known [customers]string
	for i := range known {
		_, known[i] = w.subscribed(b, "shop-"+strconv.Itoa(i), "team", false)
	}
	hooks, n, begin := stripe.Hooks{Secret: "whsec_x"}, atomic.Int64{}, time.Now()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			body := fmt.Appendf(nil, `{"id":"evt_b%d","object":"event","api_version":"2023-10-16","created":1772357415,"type":"invoice.paid","data":{"object":{"object":"invoice","customer":%q}}}`, i, known[i%customers])
			e, err := hooks.Verify(body, stripetest.Signature(body, "whsec_x", time.Now()))
			if err == nil {
				err = w.inbox.Take(b.Context(), e)
			}
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
	if err := w.syncer.RunOnce(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "settled/s")
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
