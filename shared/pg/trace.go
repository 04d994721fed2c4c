package pg

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/shared/tracing"
)

// tracer makes a span of each round trip that a traced request makes: of a
// statement, or of a pipeline. It is our own since it names statements without
// copying them, and never their parameters, and costs nothing where nothing is
// traced.
type tracer struct{}

var (
	system        = attribute.String("db.system.name", "postgresql")
	statementKey  = attribute.Key("db.query.text")
	statementsKey = attribute.Key("db.query.texts")
)

// TraceQueryStart implements [pgx.QueryTracer].
func (tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if tracing.Active(ctx) {
		ctx, _ = tracing.Begin(ctx, "postgres", trace.SpanKindClient, system, statementKey.String(data.SQL))
	}
	return ctx
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	end(ctx, data.Err)
}

// TraceBatchStart implements [pgx.BatchTracer].
func (tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	if !tracing.Active(ctx) {
		return ctx
	}
	texts := make([]string, len(data.Batch.QueuedQueries))
	for i, q := range data.Batch.QueuedQueries {
		texts[i] = q.SQL
	}
	ctx, _ = tracing.Begin(ctx, "postgres pipeline", trace.SpanKindClient, system, statementsKey.StringSlice(texts))
	return ctx
}

// TraceBatchQuery implements [pgx.BatchTracer]; the pipeline's span has all statements.
func (tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements [pgx.BatchTracer].
func (tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	end(ctx, data.Err)
}

// end ends the span that was begun in ctx; without one there is nothing to end.
// Of a refusal it says the code: its text may quote what tenants wrote. That a
// callback of ours refuses what was read is no failure of the database.
func end(ctx context.Context, err error) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		span.SetAttributes(attribute.String("db.response.status_code", refused.Code))
		span.SetStatus(codes.Error, refused.Code)
	case pgconn.Timeout(err):
		span.SetStatus(codes.Error, "no answer in time")
	}
	span.End()
}
