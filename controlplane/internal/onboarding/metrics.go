package onboarding

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/shared/fault"
)

// Metrics counts sign-ups.
type Metrics struct {
	signups  *prometheus.CounterVec
	refusals prometheus.Counter
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		signups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "controlplane_signups_total", Help: "Sign-up requests by outcome: ok, or the fault's code.",
		}, []string{"outcome"}),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "controlplane_placement_refusals_total", Help: "Sign-ups for which no cell would do.",
		}),
	}
	r.MustRegister(m.signups, m.refusals)
	return m
}

func (m *Metrics) outcome(err error) {
	label := "ok"
	if err != nil {
		label = string(fault.CodeOf(err))
	}
	m.signups.WithLabelValues(label).Inc()
}

func (m *Metrics) refused() { m.refusals.Inc() }
