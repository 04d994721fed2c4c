package billing

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what billing does in this process.
type Metrics struct {
	syncs    *prometheus.CounterVec
	lost     prometheus.Counter
	records  prometheus.Counter
	events   *prometheus.CounterVec
	refusals prometheus.Counter
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		syncs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "controlplane_billing_syncs_total", Help: "Accounts that were compared with Stripe, by outcome."}, []string{"outcome"}),
		lost:  prometheus.NewCounter(prometheus.CounterOpts{Name: "controlplane_billing_lost_events_total", Help: "Events that no webhook brought and that the hourly comparison found."}),
		records: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "controlplane_billing_usage_records_total", Help: "Cells' usage records that were added to the ledger.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "controlplane_billing_meter_events_total", Help: "Meter events by outcome: sent, or found to have arrived before.",
		}, []string{"outcome"}),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "controlplane_billing_webhooks_refused_total", Help: "Webhooks that were refused: forged, replayed late, or of another kind.",
		}),
	}
	r.MustRegister(m.syncs, m.lost, m.records, m.events, m.refusals)
	return m
}

func (m *Metrics) synced(err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.syncs.WithLabelValues(outcome).Inc()
}

// Refused counts a webhook that was refused.
func (m *Metrics) Refused() { m.refusals.Inc() }
