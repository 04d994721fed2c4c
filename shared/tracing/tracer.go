package tracing

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const (
	scope        = "github.com/coditect/platform"
	batchTimeout = time.Second // how late a span is sent
	sendTimeout  = 5 * time.Second
)

// Tracer makes the spans of a process. A nil Tracer makes none. It is safe for
// concurrent use.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	keeper   *keeper
	cell     string
	slow     time.Duration
	ratio    float64
}

// New returns the process's tracer, or nil if there is nobody to send spans to.
// A receiver that does not answer is no error: spans are lost then, and counted.
func New(opts Options, process Process) (*Tracer, error) {
	if opts.Endpoint == "" {
		return nil, nil //nolint:nilnil // a nil Tracer is of use
	}
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	m := newMetrics(process.Registry)
	client, err := otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(strings.TrimSuffix(opts.Endpoint, "/")+"/v1/traces"), otlptracehttp.WithTimeout(sendTimeout),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("--trace-endpoint: %w", err)
	}
	sender := sdktrace.NewBatchSpanProcessor(&exporter{next: client, log: process.Log, metrics: m}, sdktrace.WithBatchTimeout(batchTimeout))
	t := &Tracer{keeper: newKeeper(sender, opts.Slow, m), cell: process.Cell, slow: opts.Slow, ratio: opts.Ratio}
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithResource(process.resource()), sdktrace.WithIDGenerator(idGenerator{}),
		sdktrace.WithSampler(sampler{sdktrace.ParentBased(sdktrace.TraceIDRatioBased(opts.Ratio))}), sdktrace.WithSpanProcessor(t.keeper),
	)
	t.tracer = t.provider.Tracer(scope)
	return t, nil
}

func (p Process) resource() *resource.Resource {
	attributes := []attribute.KeyValue{attribute.String("service.name", p.Service)}
	if p.Cell != "" {
		attributes = append(attributes, attribute.String("service.namespace", p.Cell), attribute.String("cell", p.Cell))
	}
	if p.Region != "" {
		attributes = append(attributes, attribute.String("region", p.Region))
	}
	return resource.NewSchemaless(attributes...)
}

// Close sends what is left, as far as ctx allows.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// Begin begins a span of work that came from outside of the process: ctx has the
// sender's span ([WithParent]), or none. The span must be ended.
func (t *Tracer) Begin(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if t == nil {
		return ctx, noop.Span{}
	}
	return t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
}

// Cell is the cell that the process belongs to, or "".
func (t *Tracer) Cell() string {
	if t == nil {
		return ""
	}
	return t.cell
}

// Slow is how long a request takes that is kept.
func (t *Tracer) Slow() time.Duration { return t.slow }

// Chosen decides over a trace that begins here, by its id, of which only the
// lower half counts: as OpenTelemetry's TraceIDRatioBased does.
func (t *Tracer) Chosen(lower uint64) bool { return lower>>1 < uint64(t.ratio*(1<<63)) }

// sampler records what it does not sample: see the package's documentation.
type sampler struct{ sdktrace.Sampler }

// ShouldSample implements [sdktrace.Sampler].
func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if _, past := p.ParentContext.Value(pastKey{}).(*Past); past {
		return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
	}
	result := s.Sampler.ShouldSample(p)
	if result.Decision == sdktrace.Drop {
		result.Decision = sdktrace.RecordOnly
	}
	return result
}

// idGenerator gives a span of the past its own ids, and others random ones,
// which need not be unguessable.
type idGenerator struct{}

// NewIDs implements [sdktrace.IDGenerator].
func (g idGenerator) NewIDs(ctx context.Context) (id trace.TraceID, span trace.SpanID) {
	if p, ok := ctx.Value(pastKey{}).(*Past); ok {
		return p.Trace, p.Span
	}
	binary.BigEndian.PutUint64(id[:8], rand.Uint64()|1)
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements [sdktrace.IDGenerator].
func (idGenerator) NewSpanID(ctx context.Context, _ trace.TraceID) (span trace.SpanID) {
	if p, ok := ctx.Value(pastKey{}).(*Past); ok {
		return p.Span
	}
	binary.BigEndian.PutUint64(span[:], rand.Uint64()|1)
	return span
}
