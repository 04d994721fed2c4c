package proxy

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/router/internal/topk"
)

// metrics are RED by cell and status class: both bounded.
type metrics struct {
	requests       *prometheus.HistogramVec
	cellErrors     *prometheus.CounterVec
	follows        prometheus.Counter
	lookupFailures prometheus.Counter
	acceptErrors   prometheus.Counter
	broken         prometheus.Counter
	connections    prometheus.Gauge
	tunnels        prometheus.Gauge
	tenants        *topk.Counter
	mu             sync.Mutex // writers of observers
	observers      atomic.Pointer[observerMap]
}

var classes = [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

func newMetrics(registry prometheus.Registerer, cache *tenantcache.Cache) *metrics {
	m := &metrics{
		tenants: topk.New(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "router_request_duration_seconds", Help: "Time from the request's header to the answer's, by cell, route class and status class.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"cell", "class", "status"}),
		cellErrors:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "router_cell_errors_total", Help: "Requests a cell did not answer."}, []string{"cell"}),
		follows:        prometheus.NewCounter(prometheus.CounterOpts{Name: "router_follows_total", Help: "421 answers that said a tenant moved."}),
		lookupFailures: prometheus.NewCounter(prometheus.CounterOpts{Name: "router_lookup_failures_total", Help: "Requests for unknown keys that the directory did not answer for."}),
		acceptErrors:   prometheus.NewCounter(prometheus.CounterOpts{Name: "router_accept_errors_total", Help: "Connections not accepted for want of descriptors."}),
		broken:         prometheus.NewCounter(prometheus.CounterOpts{Name: "router_broken_answers_total", Help: "Answers whose body broke off, on either side."}),
		connections:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "router_client_connections", Help: "Open connections of clients."}),
		tunnels:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "router_tunnels", Help: "WebSocket connections under way."}),
	}
	m.observers.Store(&observerMap{map[series]*[len(classes)]prometheus.Observer{}})
	if registry != nil {
		registry.MustRegister(m.requests, m.cellErrors, m.follows, m.lookupFailures, m.acceptErrors, m.broken, m.connections, m.tunnels, tenantCollector{m.tenants})
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
	for name, gauge := range map[string]struct {
		help string
		read func(tenantcache.Stats) float64
	}{
		"router_cache_tenants":       {"Tenants resident in the cache.", func(s tenantcache.Stats) float64 { return float64(s.Tenants) }},
		"router_cache_bytes":         {"Memory that they take, as reckoned.", func(s tenantcache.Stats) float64 { return float64(s.Bytes) }},
		"router_cache_missing":       {"Keys known to lead nowhere.", func(s tenantcache.Stats) float64 { return float64(s.Missing) }},
		"router_cache_fetches_going": {"Keys that the directory is being asked for.", func(s tenantcache.Stats) float64 { return float64(s.InFlight) }},
	} {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: gauge.help}, func() float64 { return gauge.read(cache.Stats()) }))
	}
}

// series names the observers of one cell and route class.
type series struct{ cell, class string }

// observe counts a request. A trace's id is kept beside the histogram, as an
// exemplar: the way from a slow bucket to a request in it.
func (m *metrics) observe(cell, class string, status int, took time.Duration, traceID string) {
	i := status / 100
	if i >= len(classes) {
		i = 0
	}
	key := series{cell, class}
	known, ok := m.observers.Load().m[key]
	if !ok {
		known = m.addObservers(key)
	}
	if with, ok := known[i].(prometheus.ExemplarObserver); ok && traceID != "" {
		with.ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": traceID})
		return
	}
	known[i].Observe(took.Seconds())
}

// observerMap is replaced when a series is added, which ends soon: there are
// few cells and classes.
type observerMap struct {
	m map[series]*[len(classes)]prometheus.Observer
}

func (m *metrics) addObservers(key series) *[len(classes)]prometheus.Observer {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.observers.Load().m
	if known, ok := old[key]; ok {
		return known
	}
	var added [len(classes)]prometheus.Observer
	for i, status := range classes {
		added[i] = m.requests.WithLabelValues(key.cell, key.class, status)
	}
	next := maps.Clone(old)
	next[key] = &added
	m.observers.Store(&observerMap{next})
	return &added
}

// observe counts a request that was answered, and logs it.
func (p *Proxy) observe(x *exchange) {
	end := x.answered
	if end.IsZero() || x.sent { // refused here, or streamed
		end = p.opts.Now()
	}
	took := end.Sub(x.start)
	var traceID string
	if x.trace.on {
		traceID = p.recordTrace(x, end)
	}
	p.metrics.observe(x.cell, x.match.Name, x.status, took, traceID)
	if len(x.tenant) > 0 {
		p.metrics.tenants.Observe(x.entry.TenantID)
	}
	if p.opts.AccessLog != nil {
		p.opts.AccessLog.write(x, took)
	}
}
