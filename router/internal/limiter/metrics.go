package limiter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of a limiter. None has a tenant's label.
type metrics struct {
	duration prometheus.Histogram
	failures prometheus.Counter
	reports  prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, l *Limiter) *metrics {
	m := &metrics{
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "router_limiter_exchange_duration_seconds", Help: "Time of one exchange with Redis.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1},
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "router_limiter_exchange_failures_total", Help: "Exchanges with Redis that failed."}),
		reports:  prometheus.NewCounter(prometheus.CounterOpts{Name: "router_limiter_reports_total", Help: "Keys reported to Redis."}),
	}
	if registry != nil {
		registry.MustRegister(m.duration, m.failures, m.reports)
		registerCounts(registry, l)
		registerState(registry, l)
	}
	return m
}

func (m *metrics) exchanged(took time.Duration, reports int, err error) {
	m.duration.Observe(took.Seconds())
	m.reports.Add(float64(reports))
	if err != nil {
		m.failures.Inc()
	}
}

func registerCounts(registry prometheus.Registerer, l *Limiter) {
	for result, read := range map[string]func(counts) uint64{
		"allowed":            func(c counts) uint64 { return c.allowed },
		Rate.String():        func(c counts) uint64 { return c.rate },
		Concurrency.String(): func(c counts) uint64 { return c.concurrency },
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "router_limiter_requests_total", Help: "Requests by verdict: allowed, or what refused them.",
			ConstLabels: prometheus.Labels{"verdict": result},
		}, func() float64 { c, _ := l.count(); return float64(read(c)) }))
	}
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "router_limiter_evictions_total", Help: "Keys dropped because there were too many.",
	}, func() float64 { c, _ := l.count(); return float64(c.evicted) }))
}

func registerState(registry prometheus.Registerer, l *Limiter) {
	gauge := func(name, help string, read func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	gauge("router_limiter_keys", "Keys held.", func() float64 { _, keys := l.count(); return float64(keys) })
	gauge("router_limiter_routers", "Routers that share the limits, as last known.", func() float64 { return float64(l.routers.Load()) })
	gauge("router_limiter_redis_up", "1 while limits are shared through Redis.", func() float64 {
		if l.ledger == nil || l.lost(l.clock(l.opts.Now())) {
			return 0
		}
		return 1
	})
}

// count adds the shards up.
func (l *Limiter) count() (all counts, keys int) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		all.allowed += s.counts.allowed
		all.rate += s.counts.rate
		all.concurrency += s.counts.concurrency
		all.evicted += s.counts.evicted
		keys += len(s.entries)
		s.mu.Unlock()
	}
	return all, keys
}
