package tracing

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Begin begins a span below the one that ctx has, by that one's tracer; without
// one it does nothing, and costs next to nothing. So libraries need no tracer.
// The span must be ended.
func Begin(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, parent
	}
	return parent.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
}

// Active reports whether spans are made in ctx, for those who would pay for
// what they say of one.
func Active(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }

// Fail marks ctx's span as failed. The reason may be seen by every operator: no
// values, no addresses.
func Fail(ctx context.Context, reason string) {
	trace.SpanFromContext(ctx).SetStatus(codes.Error, reason)
}

// streamKey marks a request whose answer began in time, however long it then was.
const streamKey = attribute.Key("stream")

// Streamed says that ctx's request took long because its answer went on.
func Streamed(ctx context.Context) {
	trace.SpanFromContext(ctx).SetAttributes(streamKey.Bool(true))
}

// SampledID returns the id of ctx's trace if it was chosen, so that people will
// find it; else "".
func SampledID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
		return c.TraceID().String()
	}
	return ""
}

// Parent is ctx's span in the form of a traceparent header, for whoever goes on
// with the work later; "" if there is none.
func Parent(ctx context.Context) string {
	c := trace.SpanContextFromContext(ctx)
	if !c.IsValid() {
		return ""
	}
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + "-" + (c.TraceFlags() & trace.FlagsSampled).String()
}

// WithParent makes the span that parent names, in the form of a traceparent
// header, the one that ctx's work goes on with. Anything else changes nothing.
func WithParent(ctx context.Context, parent string) context.Context {
	if c, ok := parse(parent); ok {
		return trace.ContextWithRemoteSpanContext(ctx, c)
	}
	return ctx
}

// parse reads the version 00 form of W3C Trace Context §3.2.
func parse(s string) (trace.SpanContext, bool) {
	const length = len("00-________________________________-________________-__")
	if len(s) != length || s[:3] != "00-" || s[35] != '-' || s[52] != '-' || s[53] != '0' || s[54] < '0' || s[54] > '9' {
		return trace.SpanContext{}, false
	}
	id, err := trace.TraceIDFromHex(s[3:35])
	if err != nil {
		return trace.SpanContext{}, false
	}
	span, err := trace.SpanIDFromHex(s[36:52])
	if err != nil {
		return trace.SpanContext{}, false
	}
	c := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(s[54]-'0') & trace.FlagsSampled, Remote: true,
	})
	return c, true
}
