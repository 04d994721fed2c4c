package amqp

import (
	"context"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tracing"
)

// sendings are the spans of messages on their way to the broker: they end when it
// has confirmed them all, or one has failed.
type sendings struct {
	tracer *tracing.Tracer
	spans  []trace.Span
}

// begin returns the headers by which the job's trace goes on: nil if there is none.
func (s *sendings) begin(ctx context.Context, ref cell.JobRef) amqp.Table {
	if ref.Trace == "" {
		return nil
	}
	ctx = tracing.WithParent(ctx, ref.Trace)
	if s.tracer != nil {
		var span trace.Span
		ctx, span = s.tracer.Begin(ctx, "send "+Queue(ref.Priority), trace.SpanKindProducer, system,
			attribute.String("messaging.destination.name", Queue(ref.Priority)), attribute.String("messaging.message.id", ref.JobID.String()))
		s.spans = append(s.spans, span)
		ctx = tracing.Concerning(ctx, ref.TenantID.String(), s.tracer.Cell())
	}
	headers := amqp.Table{}
	tracing.Inject(ctx, func(name, value string) { headers[strings.ToLower(name)] = value })
	return headers
}

func (s *sendings) end() {
	for _, span := range s.spans {
		span.End()
	}
}

var system = attribute.String("messaging.system", "rabbitmq")

// header returns a message's header if it is a text, else "".
func header(headers amqp.Table, name string) string {
	text, _ := headers[strings.ToLower(name)].(string)
	return text
}
