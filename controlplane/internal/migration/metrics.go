package migration

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
)

// Metrics counts what migrations came to and how long they took.
type Metrics struct {
	outcomes *prometheus.CounterVec
	stages   *prometheus.HistogramVec
	pauses   *prometheus.HistogramVec
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "controlplane_migrations_total", Help: "Migrations that are over, by their last phase.",
		}, []string{"phase"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "controlplane_migration_stage_seconds", Help: "How long migrations were in each stage.",
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 10),
		}, []string{"stage"}),
		pauses: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "controlplane_migration_pause_seconds", Help: "Write pauses, from freeze to activate, by direction: copy, or follow for the way back.",
			Buckets: []float64{.01, .02, .035, .05, .075, .1, .15, .25, .5, 1, 2.5, 10},
		}, []string{"mode"}),
	}
	r.MustRegister(m.outcomes, m.stages, m.pauses)
	return m
}

func (m *Metrics) over(g controlplane.Migration) { m.outcomes.WithLabelValues(string(g.Phase)).Inc() }

func (m *Metrics) paused(mode controlplane.ImportMode, d time.Duration) {
	if d > 0 {
		m.pauses.WithLabelValues(string(mode)).Observe(d.Seconds())
	}
}

// left observes the stage that after has left and before had not.
func (m *Metrics) left(before, after []controlplane.StageTiming) {
	if n := len(before); n > 0 && n <= len(after) && before[n-1].Until.IsZero() && !after[n-1].Until.IsZero() {
		m.stages.WithLabelValues(string(after[n-1].Stage)).Observe(after[n-1].Until.Sub(after[n-1].From).Seconds())
	}
}
