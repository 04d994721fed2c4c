package web

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/shared/tracing"
)

type metrics struct {
	duration *prometheus.HistogramVec
}

// newMetrics registers RED by route template: cardinality is bounded by the API.
func newMetrics(component string, registry prometheus.Registerer) *metrics {
	m := &metrics{duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: component + "_http_request_duration_seconds", Help: "Time to answer, by route, method and status class.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"route", "method", "status"})}
	if registry != nil {
		registry.MustRegister(m.duration)
	}
	return m
}

// observe keeps the id of a trace that people will find beside the histogram, as
// an exemplar.
func (m *metrics) observe(ctx context.Context, route, method string, status int, took time.Duration) {
	observer := m.duration.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx")
	if with, ok := observer.(prometheus.ExemplarObserver); ok {
		if id := tracing.SampledID(ctx); id != "" {
			with.ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": id})
			return
		}
	}
	observer.Observe(took.Seconds())
}

// streams is how long an answer is on its way that is no short one.
const streams = 100 * time.Millisecond

// describe tells the request's span, if it has one, what became of it.
func describe(ctx context.Context, r *http.Request, rec *record, answer *statusWriter, start time.Time) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	status, sending := answer.code(), time.Since(answer.begun)
	span.SetName(safeMethod(r.Method) + " " + rec.route)
	span.SetAttributes(
		attribute.String("http.request.method", safeMethod(r.Method)), attribute.String("http.route", rec.route),
		attribute.Int("http.response.status_code", status), attribute.String("request_id", RequestID(ctx)),
	)
	switch {
	case status >= http.StatusInternalServerError:
		tracing.Fail(ctx, "answered with "+strconv.Itoa(status))
	case !answer.begun.IsZero() && sending > streams && sending > answer.begun.Sub(start):
		tracing.Streamed(ctx) // most of the time went into sending the answer
	}
}

// record is what the chain learns of a request while it is served.
type record struct{ route string }

type recordKey struct{}

// noteRoute runs inside mux, where the matched route is known.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route := mux.CurrentRoute(r); route != nil {
			if template, err := route.GetPathTemplate(); err == nil {
				NoteRoute(r.Context(), template)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// NoteRoute says by which route template a request is counted, for one that is
// answered before it reaches mux.
func NoteRoute(ctx context.Context, template string) {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		rec.route = template
	}
}

func (w *Web) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec, start := &record{route: "unmatched"}, time.Now()
		answer := &statusWriter{ResponseWriter: rw}
		ctx := context.WithValue(r.Context(), recordKey{}, rec)
		// A deferred log also sees handlers that panic.
		defer func() {
			status, took := answer.code(), time.Since(start)
			w.metrics.observe(ctx, rec.route, safeMethod(r.Method), status, took)
			describe(ctx, r, rec, answer, start)
			w.opts.Log.LogAttrs(ctx, accessLevel(status), "request", slog.String("request_id", RequestID(ctx)),
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", status),
				slog.Int64("bytes", answer.bytes), slog.Duration("took", took))
		}()
		next.ServeHTTP(answer, r.WithContext(ctx))
	})
}

// accessLevel keeps successful requests out of the log unless it is verbose:
// the edge has logged them already.
func accessLevel(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// statusWriter notes status and size. Unwrap keeps flushing and deadlines
// working through [http.ResponseController].
type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
	begun  time.Time // when the answer began; zero: it has not
}

func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *statusWriter) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
		s.begun = time.Now()
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusWriter) Write(p []byte) (int, error) {
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
	n, err := s.ResponseWriter.Write(p)
	s.bytes += int64(n)
	return n, err
}

func (s *statusWriter) code() int {
	if s.status == 0 {
		return http.StatusOK
	}
	return s.status
}
