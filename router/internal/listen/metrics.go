package listen

import (
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	accepted   prometheus.Counter
	refused    *prometheus.CounterVec
	reloadFail prometheus.Counter
	open       prometheus.Collector
}

// Why a connection was closed before a request was read.
const (
	refusedConns      = "connections"
	refusedPerAddr    = "address"
	refusedPreparing  = "preparing"
	refusedHeader     = "proxy_header"
	refusedHandshake  = "handshake"
	refusedNobodyLeft = "closed"
)

func newMetrics(l *Listener) *metrics {
	return &metrics{
		accepted: prometheus.NewCounter(prometheus.CounterOpts{Name: "router_connections_accepted_total", Help: "Client connections accepted, those refused included."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "router_connections_refused_total", Help: "Client connections closed before a request: over a cap, or a bad PROXY header or handshake.",
		}, []string{"reason"}),
		reloadFail: prometheus.NewCounter(prometheus.CounterOpts{Name: "router_tls_reload_failures_total", Help: "New certificate files that could not be used."}),
		open: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "router_connections", Help: "Client connections open."},
			func() float64 { return float64(l.open.Load()) }),
	}
}

func (m *metrics) register(registry prometheus.Registerer, certs *certificates) {
	if registry == nil {
		return
	}
	registry.MustRegister(m.accepted, m.refused, m.open)
	if certs != nil {
		registry.MustRegister(m.reloadFail, certs)
	}
}

var expiresDesc = prometheus.NewDesc("router_tls_certificate_expires_seconds",
	"Unix time at which the certificate that is served expires.", []string{"file"}, nil)

// Describe implements [prometheus.Collector].
func (c *certificates) Describe(out chan<- *prometheus.Desc) { out <- expiresDesc }

// Collect implements [prometheus.Collector].
func (c *certificates) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pairs {
		out <- prometheus.MustNewConstMetric(expiresDesc, prometheus.GaugeValue, float64(p.certificate.Leaf.NotAfter.Unix()), p.CertFile)
	}
}
