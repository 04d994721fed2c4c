package rediscache

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
)

// Outcomes of a look.
const (
	hit    = "hit"
	miss   = "miss"
	bypass = "bypass" // somebody writes, or Redis is away
)

// metrics count looks by layer and outcome: hits over hits and misses is the
// ratio that the dashboards show.
type metrics struct {
	looks map[cell.Layer]map[string]prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) *metrics {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cell_cache_lookups_total", Help: "Looks into the cache, by layer and outcome (hit, miss, bypass).",
	}, []string{"layer", "outcome"})
	if registry != nil {
		registry.MustRegister(vec)
	}
	m := &metrics{looks: map[cell.Layer]map[string]prometheus.Counter{}}
	for _, layer := range []cell.Layer{cell.Sessions, cell.Queries, cell.Responses} {
		m.looks[layer] = map[string]prometheus.Counter{}
		for _, outcome := range []string{hit, miss, bypass} {
			m.looks[layer][outcome] = vec.WithLabelValues(string(layer), outcome)
		}
	}
	return m
}

func (m *metrics) looked(q cell.Question, known cell.Remembered) {
	m.looks[q.Layer][outcome(known.Answer != nil)].Inc()
	if q.Credential != nil {
		m.looks[cell.Sessions][outcome(known.Actor != nil)].Inc()
	}
}

func (m *metrics) bypassed(q cell.Question) {
	m.looks[q.Layer][bypass].Inc()
	if q.Credential != nil {
		m.looks[cell.Sessions][bypass].Inc()
	}
}

func outcome(found bool) string {
	if found {
		return hit
	}
	return miss
}
