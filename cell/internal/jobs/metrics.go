package jobs

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
)

// Metrics says what became of attempts.
type Metrics struct{ attempts *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cell_job_attempts_total",
		Help: "Attempts at jobs, by kind and outcome: done, failed, dead, cancelled, or void if somebody else has the job by then.",
	}, []string{"kind", "outcome"})}
	registry.MustRegister(m.attempts)
	return m
}

func (m *Metrics) count(kind cell.JobKind, outcome string) {
	m.attempts.WithLabelValues(string(kind), outcome).Inc()
}

func outcomeOf(job cell.Job, failure error) string {
	switch {
	case errors.Is(failure, errCancelled):
		return "cancelled"
	case job.Attempts >= job.MaxAttempts:
		return "dead"
	}
	return "failed"
}
