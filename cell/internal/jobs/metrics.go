package jobs

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
)

// Metrics says what becomes of jobs. No label names a tenant: there are as many
// series as kinds, lanes, stages and outcomes. See the package's documentation.
type Metrics struct {
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
	lost     prometheus.Counter
	depth    *prometheus.GaugeVec
	oldest   *prometheus.GaugeVec
	relaying prometheus.Gauge
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	lane := []string{"lane", "stage"}
	m := &Metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cell_job_attempts_total",
			Help: "Attempts at jobs, by kind and outcome: done, failed (tried again), dead, cancelled, or void if somebody else has the job by then.",
		}, []string{"kind", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cell_job_attempt_duration_seconds", Help: "Time that attempts at jobs took, by kind, until their outcome was recorded.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, []string{"kind"}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cell_job_lost_total", Help: "Attempts that were not heard of for too long and were handed out again.",
		}),
		depth: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cell_jobs", Help: "Jobs by lane and stage: scheduled, pending (due), queued, running, dead. Said by the cell's one relay.",
		}, lane),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cell_job_oldest_seconds", Help: "How long the oldest job of a lane has been due or in its stage. Said by the cell's one relay.",
		}, lane),
		relaying: prometheus.NewGauge(prometheus.GaugeOpts{Name: "cell_job_relaying", Help: "1 at the worker that is the cell's relay."}),
	}
	registry.MustRegister(m.attempts, m.duration, m.lost, m.depth, m.oldest, m.relaying)
	return m
}

// unknownKind is the label of kinds that this worker does not know: what a row
// says must not make new series.
const unknownKind = "unknown"

func (m *Metrics) count(t *Task, outcome string) {
	kind := string(t.Job.Kind)
	if !t.known {
		kind = unknownKind
	}
	m.attempts.WithLabelValues(kind, outcome).Inc()
	m.duration.WithLabelValues(kind).Observe(time.Since(t.begun).Seconds())
}

// lead says that this process is the relay; the returned function ends that,
// and what only the relay knows with it.
func (m *Metrics) lead() func() {
	m.relaying.Set(1)
	return func() {
		m.relaying.Set(0)
		m.depth.Reset()
		m.oldest.Reset()
	}
}

// show sets what the relay counted; what it did not find is 0.
func (m *Metrics) show(depths []cell.JobDepth) {
	for _, lane := range cell.JobPriorities {
		for _, stage := range cell.JobStages {
			m.depth.WithLabelValues(lane.String(), string(stage)).Set(0)
			m.oldest.WithLabelValues(lane.String(), string(stage)).Set(0)
		}
	}
	for _, d := range depths {
		m.depth.WithLabelValues(d.Lane.String(), string(d.Stage)).Set(float64(d.Jobs))
		m.oldest.WithLabelValues(d.Lane.String(), string(d.Stage)).Set(d.Oldest.Seconds())
	}
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
