package report

import (
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
)

// Summary is a part of a run in figures. Latencies are in milliseconds.
type Summary struct {
	Requests  int64   `json:"requests"`
	Errors    int64   `json:"errors"`
	PerSecond float64 `json:"per_second"` // answered as expected
	Response  Latency `json:"response"`   // from the intended time
	Service   Latency `json:"service"`    // from the time of sending: what a closed loop reports
}

// Latency is a distribution in figures, in milliseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Milliseconds is a duration as reports show it.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func latencyOf(h *record.Histogram) Latency {
	at := func(q float64) float64 { return Milliseconds(h.At(q)) }
	return Latency{Mean: Milliseconds(h.Mean()), P50: at(50), P90: at(90), P95: at(95), P99: at(99), P999: at(99.9), Max: at(100)}
}

func summaryOf(t *record.Total, took time.Duration) Summary {
	s := Summary{Requests: t.Requests(), Errors: t.Errors, Response: latencyOf(t.Response), Service: latencyOf(t.Service)}
	if took > 0 {
		s.PerSecond = float64(s.Requests-s.Errors) / took.Seconds()
	}
	return s
}
