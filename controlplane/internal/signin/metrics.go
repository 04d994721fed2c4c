package signin

import "github.com/prometheus/client_golang/prometheus"

// Outcomes of logins, for the metric.
const (
	outcomeDone      = "done"
	outcomeKnown     = "known" // the browser's session went on
	outcomeRefused   = "refused"
	outcomeSecondBad = "second_step_refused"
	outcomeLimited   = "limited"
)

type metrics struct{ logins *prometheus.CounterVec }

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{logins: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controlplane_logins_total", Help: "Logins by outcome: done, known, refused, second_step_refused, limited.",
	}, []string{"outcome"})}
	for _, outcome := range []string{outcomeDone, outcomeKnown, outcomeRefused, outcomeSecondBad, outcomeLimited} {
		m.logins.WithLabelValues(outcome) // there from the start, so that rates are
	}
	r.MustRegister(m.logins)
	return m
}

func (m *metrics) login(outcome string) { m.logins.WithLabelValues(outcome).Inc() }
