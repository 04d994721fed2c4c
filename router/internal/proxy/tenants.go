package proxy

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/topk"
)

// topTenants is how many tenants the metrics name: a hard cap.
const topTenants = 50

// tenantCollector exports the busiest tenants.
type tenantCollector struct{ counter *topk.Counter }

var tenantDesc = prometheus.NewDesc("router_top_tenant_requests", "Requests of the busiest tenants since the start, sampled; see package topk.", []string{"tenant"}, nil)

// Describe implements [prometheus.Collector].
func (tenantCollector) Describe(out chan<- *prometheus.Desc) { out <- tenantDesc }

// Collect implements [prometheus.Collector].
func (c tenantCollector) Collect(out chan<- prometheus.Metric) {
	for _, n := range c.counter.Top(topTenants) {
		out <- prometheus.MustNewConstMetric(tenantDesc, prometheus.GaugeValue, float64(n.Requests), n.Tenant.String())
	}
}
