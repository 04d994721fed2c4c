package upstream

import "github.com/prometheus/client_golang/prometheus"

type metrics struct{ retries, ejections *prometheus.CounterVec }

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		retries:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "router_retries_total", Help: "Requests sent to a cell again, or refused that by the budget."}, []string{"cell", "outcome"}),
		ejections: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "router_ejections_total", Help: "Times an address of a cell was taken out of use."}, []string{"cell"}),
	}
	if registry != nil {
		registry.MustRegister(m.retries, m.ejections)
	}
	return m
}
