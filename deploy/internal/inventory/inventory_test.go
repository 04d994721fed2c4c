package inventory_test

import (
	"slices"
	"testing"

	"github.com/coditect/platform/deploy/internal/inventory"
)

func TestNamedFindsMetricsOnly(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string][]string{
		`up == 0`: {"up"},
		`sum by (cell, region) (rate(a_count{status="5xx",le=~"b_x|}"}[5m])) / on (cell) group_left (d) c_total > bool 1`: {"a_count", "c_total"},
		`slo:bad_ratio:5m{slo="x"} > 0.1 and e_f offset 5m`:                                                               {"e_f"},
		`x unless on () sum(increase(y_total[2h])) > 1e3`:                                                                 {"x", "y_total"},
	} {
		if got := inventory.Named(expr); !slices.Equal(got, want) {
			t.Errorf("%s names %v, found %v", expr, want, got)
		}
	}
}

func TestEveryWayOfNamingIsFound(t *testing.T) {
	t.Parallel()
	metrics := registered(t)
	for name, kind := range map[string]string{
		"router_request_duration_seconds":             "histogram", // in Opts
		"router_cell_requests_shed_total":             "counter",   // by a helper around NewDesc
		"router_cache_hits_total":                     "counter",   // as a map's key
		"controlplane_billing_monthly_revenue":        "gauge",     // by a helper around Opts
		"cell_internal_http_request_duration_seconds": "histogram", // put together
		"router_tls_certificate_expires_seconds":      "gauge",     // by NewDesc
		"controlplane_migration_stage_seconds":        "histogram", // with buckets that are computed
	} {
		if got := metrics[name].Type; got != kind {
			t.Errorf("%s is a %s; found %q", name, kind, got)
		}
	}
}

func TestAWrongNameOrBucketIsRefused(t *testing.T) {
	t.Parallel()
	metrics := registered(t)
	for _, expr := range []string{
		"rate(router_requests_total[5m])",     // no such metric
		"router_request_duration_seconds > 1", // a histogram has no such series
		"cell_jobs_count",                     // a gauge has no count
		`rate(router_request_duration_seconds_bucket{class="x",le="0.2"}[5m])`, // no such bound
	} {
		if inventory.Check(expr, metrics) == nil {
			t.Errorf("%s was let through", expr)
		}
	}
	if err := inventory.Check(`rate(router_request_duration_seconds_bucket{le="0.25"}[5m]) / rate(router_request_duration_seconds_count[5m])`, metrics); err != nil {
		t.Error(err)
	}
}
