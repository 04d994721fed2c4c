package tracing

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	keptPerSecond = 50 // requests of a process that were not chosen and are kept
	keptBurst     = 100
	mostSetAside  = 64 // spans of one request; the first ones
	shardCount    = 16
)

// keeper sets the spans of requests aside that were not chosen, by trace. What
// was chosen goes straight on to next.
type keeper struct {
	next    sdktrace.SpanProcessor
	slow    time.Duration
	metrics *metrics
	budget  budget
	shards  [shardCount]shard
}

type shard struct {
	mu      sync.Mutex
	byTrace map[trace.TraceID]*aside
}

// aside is what is known of one trace here. Several requests of this process may
// belong to it, even at the same time.
type aside struct {
	spans    []sdktrace.ReadOnlySpan
	requests int  // that have not ended
	keep     bool // one of them was bad
}

func newKeeper(next sdktrace.SpanProcessor, slow time.Duration, m *metrics) *keeper {
	k := &keeper{next: next, slow: slow, metrics: m, budget: budget{rate: keptPerSecond, burst: keptBurst}}
	for i := range k.shards {
		k.shards[i].byTrace = map[trace.TraceID]*aside{}
	}
	return k
}

func (k *keeper) of(id trace.TraceID) *shard { return &k.shards[id[len(id)-1]%shardCount] }

// OnStart implements [sdktrace.SpanProcessor].
func (k *keeper) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if s, ok := ctx.Value(subjectKey{}).(subject); ok {
		span.SetAttributes(s.attributes()...)
	}
	if span.SpanContext().IsSampled() {
		k.next.OnStart(ctx, span)
		return
	}
	if !enters(span) {
		return
	}
	id := span.SpanContext().TraceID()
	s := k.of(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.byTrace[id]
	if a == nil {
		a = &aside{}
		s.byTrace[id] = a
	}
	a.requests++
}

// enters reports whether the request entered the process with this span.
func enters(span sdktrace.ReadOnlySpan) bool {
	parent := span.Parent()
	return !parent.IsValid() || parent.IsRemote()
}

// OnEnd implements [sdktrace.SpanProcessor].
func (k *keeper) OnEnd(span sdktrace.ReadOnlySpan) {
	if span.SpanContext().IsSampled() {
		k.next.OnEnd(span)
		return
	}
	if over := k.setAside(span); over != nil && over.keep && k.mayKeep() {
		for _, s := range over.spans {
			k.next.OnEnd(kept{s})
		}
	}
}

// setAside returns what is known of the trace if this span was the last request's.
func (k *keeper) setAside(span sdktrace.ReadOnlySpan) *aside {
	id := span.SpanContext().TraceID()
	s := k.of(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.byTrace[id]
	if a == nil {
		return nil // it ended after the request
	}
	last := enters(span)
	if len(a.spans) < mostSetAside || last {
		a.spans = append(a.spans, span)
	}
	if !last {
		return nil
	}
	a.keep = a.keep || k.bad(span)
	if a.requests--; a.requests > 0 {
		return nil
	}
	delete(s.byTrace, id)
	return a
}

// bad reports whether the request failed or was slow. One whose answer began in
// time and then went on is a stream.
func (k *keeper) bad(span sdktrace.ReadOnlySpan) bool {
	if span.Status().Code == codes.Error {
		return true
	}
	if span.EndTime().Sub(span.StartTime()) < k.slow {
		return false
	}
	for _, a := range span.Attributes() {
		if a.Key == streamKey {
			return false
		}
	}
	return true
}

func (k *keeper) mayKeep() bool {
	if k.budget.take(time.Now()) {
		k.metrics.kept.Inc()
		return true
	}
	k.metrics.unkept.Inc()
	return false
}

// Shutdown implements [sdktrace.SpanProcessor].
func (k *keeper) Shutdown(ctx context.Context) error { return k.next.Shutdown(ctx) }

// ForceFlush implements [sdktrace.SpanProcessor].
func (k *keeper) ForceFlush(ctx context.Context) error { return k.next.ForceFlush(ctx) }

// kept is a span that is sent though it was not chosen.
type kept struct{ sdktrace.ReadOnlySpan }

// SpanContext says that the span was chosen: others would not send it.
func (k kept) SpanContext() trace.SpanContext {
	c := k.ReadOnlySpan.SpanContext()
	return c.WithTraceFlags(c.TraceFlags().WithSampled(true))
}

// Attributes implements [sdktrace.ReadOnlySpan].
func (k kept) Attributes() []attribute.KeyValue {
	own := k.ReadOnlySpan.Attributes()
	return append(own[:len(own):len(own)], attribute.Bool("kept", true))
}

// budget is a token bucket.
type budget struct {
	rate, burst float64

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func (b *budget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.IsZero() {
		b.tokens = b.burst
	} else {
		b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
