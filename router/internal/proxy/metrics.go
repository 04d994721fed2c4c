package proxy

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/tenantcache"
)

// metrics are RED by cell and status class: both bounded.
type metrics struct {
	requests       *prometheus.HistogramVec
	cellErrors     *prometheus.CounterVec
	follows        prometheus.Counter
	lookupFailures prometheus.Counter
}

var classes = [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

func newMetrics(registry prometheus.Registerer, cache *tenantcache.Cache) *metrics {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "router_request_duration_seconds", Help: "Time from the request's header to the answer's, by cell and status class.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"cell", "status"}),
		cellErrors:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "router_cell_errors_total", Help: "Requests a cell did not answer."}, []string{"cell"}),
		follows:        prometheus.NewCounter(prometheus.CounterOpts{Name: "router_follows_total", Help: "421 answers that said a tenant moved."}),
		lookupFailures: prometheus.NewCounter(prometheus.CounterOpts{Name: "router_lookup_failures_total", Help: "Requests for unknown keys that the directory did not answer for."}),
	}
	if registry != nil {
		registry.MustRegister(m.requests, m.cellErrors, m.follows, m.lookupFailures)
		registerCache(registry, cache)
	}
	return m
}

func registerCache(registry prometheus.Registerer, cache *tenantcache.Cache) {
	for name, read := range map[string]func(tenantcache.Stats) uint64{
		"router_cache_hits_total":    func(s tenantcache.Stats) uint64 { return s.Hits },
		"router_cache_misses_total":  func(s tenantcache.Stats) uint64 { return s.Misses },
		"router_cache_fetches_total": func(s tenantcache.Stats) uint64 { return s.Fetches },
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: "See tenantcache.Stats."},
			func() float64 { return float64(read(cache.Stats())) }))
	}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "router_cache_tenants", Help: "Tenants resident in the cache."},
		func() float64 { return float64(cache.Stats().Tenants) }))
}

func (m *metrics) observe(cell string, status int, took time.Duration) {
	class := classes[0]
	if i := status / 100; i < len(classes) {
		class = classes[i]
	}
	m.requests.WithLabelValues(cell, class).Observe(took.Seconds())
}
