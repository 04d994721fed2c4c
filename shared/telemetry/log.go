package telemetry

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a JSON logger that names its component in every line, and
// in lines of a traced request the trace. Level is debug, info, warn or error;
// anything else means info.
func NewLogger(w io.Writer, level, component string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(withTraces{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})}).With("component", component)
}

// withTraces adds the ids of the span that a line's context has.
type withTraces struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h withTraces) Handle(ctx context.Context, r slog.Record) error {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		r.AddAttrs(slog.String("trace_id", c.TraceID().String()), slog.String("span_id", c.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h withTraces) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withTraces{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h withTraces) WithGroup(name string) slog.Handler { return withTraces{h.Handler.WithGroup(name)} }
