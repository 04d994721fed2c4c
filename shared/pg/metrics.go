package pg

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Watch shows how busy a pool is, under a name.
func Watch(registry prometheus.Registerer, name string, pool *pgxpool.Pool) {
	desc := func(metric, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(metric, help, labels, prometheus.Labels{"pool": name})
	}
	registry.MustRegister(&poolCollector{
		pool:        pool,
		connections: desc("database_pool_connections", "Connections of a pool by state: acquired, idle or opening.", "state"),
		limit:       desc("database_pool_connections_limit", "Most connections that a pool opens."),
		acquires:    desc("database_pool_acquires_total", "Times a connection was taken from a pool."),
		waits:       desc("database_pool_waits_total", "Times that had to wait for a connection, since none was idle."),
		givenUp:     desc("database_pool_given_up_total", "Times the wait for a connection was given up."),
		waited:      desc("database_pool_wait_seconds_total", "Time that taking connections took, mostly waits."),
	})
}

// poolCollector asks the pool when it is asked.
type poolCollector struct {
	pool *pgxpool.Pool

	connections, limit, acquires, waits, givenUp, waited *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *poolCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.connections, c.limit, c.acquires, c.waits, c.givenUp, c.waited} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *poolCollector) Collect(out chan<- prometheus.Metric) {
	s := c.pool.Stat()
	gauge := func(d *prometheus.Desc, v int32, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	counter := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v)
	}
	gauge(c.connections, s.AcquiredConns(), "acquired")
	gauge(c.connections, s.IdleConns(), "idle")
	gauge(c.connections, s.ConstructingConns(), "opening")
	gauge(c.limit, s.MaxConns())
	counter(c.acquires, float64(s.AcquireCount()))
	counter(c.waits, float64(s.EmptyAcquireCount()))
	counter(c.givenUp, float64(s.CanceledAcquireCount()))
	counter(c.waited, s.AcquireDuration().Seconds())
}
