package authn

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what is not on the cached path; cached tokens are counted by
// the cache, under the lock it holds anyway.
type metrics struct {
	tokens  *prometheus.CounterVec
	fetches *prometheus.CounterVec
	loaded  atomic.Int64 // Unix nanoseconds of the last good fetch

	verified, refused, unavailable prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "router_auth_tokens_total", Help: "Tokens that were not cached, by what became of them.",
		}, []string{"result"}),
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "router_auth_key_fetches_total", Help: "Fetches of the issuer's keys.",
		}, []string{"result"}),
	}
	m.verified, m.refused = m.tokens.WithLabelValues("verified"), m.tokens.WithLabelValues("refused")
	m.unavailable = m.tokens.WithLabelValues("unavailable")
	return m
}

func (m *metrics) count(err error) {
	switch {
	case err == nil:
		m.verified.Inc()
	case isUnavailable(err):
		m.unavailable.Inc()
	default:
		m.refused.Inc()
	}
}

func (m *metrics) fetched(err error, now time.Time) {
	if err != nil {
		m.fetches.WithLabelValues("failed").Inc()
		return
	}
	m.fetches.WithLabelValues("ok").Inc()
	m.loaded.Store(now.UnixNano())
}

func (v *Verifier) register(registry prometheus.Registerer) {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	registry.MustRegister(
		v.metrics.tokens, v.metrics.fetches,
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "router_auth_cache_hits_total", Help: "Tokens that were found in the cache."},
			func() float64 { return float64(v.cache.stats().hits) }),
		gauge("router_auth_cached_tokens", "Verified tokens in the cache.", func() float64 { return float64(v.cache.stats().tokens) }),
		gauge("router_auth_cached_bytes", "Memory of the cached tokens, about.", func() float64 { return float64(v.cache.stats().bytes) }),
		gauge("router_auth_keys", "Usable keys of the issuer.", func() float64 {
			if set := v.keys.current.Load(); set != nil {
				return float64(set.len())
			}
			return 0
		}),
		gauge("router_auth_keys_loaded_timestamp_seconds", "When the issuer's keys were fetched last.",
			func() float64 { return float64(v.metrics.loaded.Load()) / 1e9 }),
	)
}
