package tracing

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter counts what is sent and says once that nobody takes it. Left to
// itself the library would print each failure.
type exporter struct {
	next    sdktrace.SpanExporter
	log     *slog.Logger
	metrics *metrics
	away    atomic.Bool
}

// ExportSpans implements [sdktrace.SpanExporter]. It never fails: spans that
// nobody takes are lost, and counted.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.next.ExportSpans(ctx, spans)
	if err != nil {
		e.metrics.lost.Add(float64(len(spans)))
		if !e.away.Swap(true) {
			e.log.WarnContext(ctx, "traces are not taken; they are lost until that changes", "err", err)
		}
		return nil
	}
	e.metrics.sent.Add(float64(len(spans)))
	if e.away.Swap(false) {
		e.log.InfoContext(ctx, "traces are taken again")
	}
	return nil
}

// Shutdown implements [sdktrace.SpanExporter].
func (e *exporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }

type metrics struct {
	sent, lost, kept, unkept prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		sent:   counter("tracing_sent_spans_total", "Spans that the receiver of traces took."),
		lost:   counter("tracing_lost_spans_total", "Spans that it did not take."),
		kept:   counter("tracing_kept_requests_total", "Requests that were not chosen and were kept, because they failed or were slow."),
		unkept: counter("tracing_unkept_requests_total", "Requests that failed or were slow and were not kept, because there were too many."),
	}
	if registry != nil {
		registry.MustRegister(m.sent, m.lost, m.kept, m.unkept)
	}
	return m
}
