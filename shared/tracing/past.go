package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Past is a span that is told of once it is over, by who does not want to pay
// for spans that nobody will see. Its ids were given to others meanwhile.
type Past struct {
	Trace      trace.TraceID
	Span       trace.SpanID
	Parent     trace.SpanID // zero: the trace begins with it
	Name       string
	Kind       trace.SpanKind
	Start, End time.Time
	Failure    string // of our own; "": none
	Attributes []attribute.KeyValue
}

type pastKey struct{}

// Record sends a span of the past, whatever was decided over its trace.
func (t *Tracer) Record(p Past) {
	ctx := context.WithValue(context.Background(), pastKey{}, &p)
	if p.Parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: p.Trace, SpanID: p.Parent, TraceFlags: trace.FlagsSampled, Remote: true,
		}))
	}
	_, span := t.tracer.Start(ctx, p.Name, trace.WithSpanKind(p.Kind), trace.WithTimestamp(p.Start), trace.WithAttributes(p.Attributes...))
	if p.Failure != "" {
		span.SetStatus(codes.Error, p.Failure)
	}
	span.End(trace.WithTimestamp(p.End))
}

// Keep reports whether a request may be kept that was not chosen, though it
// failed or was slow: as long as there are not too many of them.
func (t *Tracer) Keep() bool { return t.keeper.mayKeep() }
