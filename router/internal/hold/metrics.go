package hold

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	windows  prometheus.Counter
	outcomes *prometheus.CounterVec
	seconds  prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer, h *Hold) *metrics {
	m := &metrics{
		windows: prometheus.NewCounter(prometheus.CounterOpts{Name: "router_hold_windows_total", Help: "Windows in which requests of a tenant were held."}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "router_held_requests_total", Help: "Requests that met a frozen tenant, by how their wait ended: served, failed, or the bound that refused them.",
		}, []string{"outcome"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "router_hold_duration_seconds", Help: "Time from a request's first frozen answer to the end of its wait and tries.",
			Buckets: []float64{.01, .025, .05, .1, .15, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	if registry != nil {
		registry.MustRegister(m.windows, m.outcomes, m.seconds,
			gauge("router_held_requests", "Requests held now, those that try again included.", func() int64 { return h.Stats().Requests }),
			gauge("router_held_bytes", "Memory that held requests count for.", func() int64 { return h.Stats().Bytes }))
	}
	return m
}

func gauge(name, help string, read func() int64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(read()) })
}

func (m *metrics) left(outcome string, held time.Duration) {
	m.outcomes.WithLabelValues(outcome).Inc()
	m.seconds.Observe(held.Seconds())
}

// Stats is what is held now.
type Stats struct {
	Tenants  int   // with a window, quiet ones included
	Requests int64 // waiting or trying
	Bytes    int64
}

// Stats returns what is held now.
func (h *Hold) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{Tenants: len(h.windows), Bytes: h.bytes}
	for _, w := range h.windows {
		s.Requests += int64(w.queue.Len() + w.out)
	}
	return s
}
