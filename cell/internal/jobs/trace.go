package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tracing"
)

// tracesOf returns which span each job goes on from.
func tracesOf(refs []cell.JobRef) map[uuid.UUID]string {
	var traces map[uuid.UUID]string
	for _, ref := range refs {
		if ref.Trace == "" {
			continue
		}
		if traces == nil {
			traces = make(map[uuid.UUID]string, len(refs))
		}
		traces[ref.JobID] = ref.Trace
	}
	return traces
}

// trace begins the span of an attempt at a job, which was taken from the broker
// at the given time and has been claimed since, together with others. A job that
// nobody's request asked for begins a trace.
func (w *Worker) trace(ctx context.Context, c cell.Claimed, parent string, taken time.Time) (context.Context, trace.Span) {
	ctx, span := w.opts.Tracer.Begin(tracing.WithParent(ctx, parent), "job "+string(c.Job.Kind), trace.SpanKindConsumer,
		attribute.String("job", c.Job.ID.String()), attribute.Int("attempt", c.Job.Attempts), attribute.String("lane", c.Job.Priority.String()),
		attribute.Int64("claim_us", time.Since(taken).Microseconds()))
	return tracing.Concerning(ctx, c.Ref.TenantID.String(), w.opts.Tracer.Cell()), span
}
