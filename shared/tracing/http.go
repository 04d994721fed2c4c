package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Headers between programs.
const (
	HeaderTraceparent = "Traceparent"
	HeaderBaggage     = "Baggage"
)

// Extract makes ctx that of the sender's span, as its headers (or those of a
// message) tell. get returns "" for what is not there.
func Extract(ctx context.Context, get func(header string) string) context.Context {
	if baggage := get(HeaderBaggage); baggage != "" {
		ctx = withBaggage(ctx, baggage)
	}
	return WithParent(ctx, get(HeaderTraceparent))
}

// Inject gives ctx's span to whoever gets the headers.
func Inject(ctx context.Context, set func(header, value string)) {
	parent := Parent(ctx)
	if parent == "" {
		return
	}
	set(HeaderTraceparent, parent)
	if baggage := Baggage(ctx); baggage != "" {
		set(HeaderBaggage, baggage)
	}
}

// Handler gives each request a span. The chain within names it.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := t.Begin(Extract(r.Context(), r.Header.Get), r.Method, trace.SpanKindServer)
		defer span.End()
		next.ServeHTTP(w, r.WithContext(Concerning(ctx, "", t.cell)))
	})
}

// Transport makes a span of each request that is sent within one, and tells the
// other side.
type Transport struct{ Next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !Active(r.Context()) {
		return t.Next.RoundTrip(r)
	}
	ctx, span := Begin(r.Context(), r.Method, trace.SpanKindClient,
		attribute.String("http.request.method", r.Method), attribute.String("server.address", r.URL.Host))
	defer span.End()
	r = r.Clone(ctx)
	Inject(ctx, r.Header.Set)
	resp, err := t.Next.RoundTrip(r)
	if err != nil {
		span.SetStatus(codes.Error, "no answer")
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, resp.Status)
	}
	return resp, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] work through the
// transport.
func (t Transport) CloseIdleConnections() {
	if c, ok := t.Next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
