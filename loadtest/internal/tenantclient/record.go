package tenantclient

import (
	"slices"
	"sync"
	"time"
)

// Kind of a request.
type Kind int

// The kinds.
const (
	Write Kind = iota
	Read
	Create
	kinds
)

// Sample is one request: when it was due, and how long its answer took from then.
type Sample struct {
	At      time.Time
	Latency time.Duration
	Failed  bool
}

// Record keeps every request that users made.
type Record struct {
	begun time.Time

	mu       sync.Mutex
	samples  [kinds][]Sample
	failures []string // the first of them, for people
}

const keptFailures = 20

func (r *Record) note(kind Kind, intended time.Time, a answer) {
	latency := time.Since(intended)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples[kind] = append(r.samples[kind], Sample{At: intended, Latency: latency, Failed: !a.ok()})
	if !a.ok() && len(r.failures) < keptFailures {
		r.failures = append(r.failures, a.String())
	}
}

// Between returns the requests of a kind that were under way at some time from
// begin to end.
func (r *Record) Between(kind Kind, begin, end time.Time) []Sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.samples[kind]), func(s Sample) bool {
		return s.At.After(end) || s.At.Add(s.Latency).Before(begin)
	})
}

// Failed counts the requests that were not answered as asked.
func (r *Record) Failed() (failed, all int, examples []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, samples := range r.samples {
		all += len(samples)
		for _, s := range samples {
			if s.Failed {
				failed++
			}
		}
	}
	return failed, all, slices.Clone(r.failures)
}

// Quantile of the latencies; zero of none.
func Quantile(samples []Sample, q float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	latencies := make([]time.Duration, len(samples))
	for i, s := range samples {
		latencies[i] = s.Latency
	}
	slices.Sort(latencies)
	return latencies[min(len(latencies)-1, int(q*float64(len(latencies))))]
}
