package rediscache

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/shared/tracing"
)

// traced makes a span of each command that a traced request sends. It says which
// command, never its keys or values.
type traced struct{}

var system = attribute.String("db.system.name", "redis")

// DialHook implements [redis.Hook].
func (traced) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements [redis.Hook].
func (traced) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !tracing.Active(ctx) {
			return next(ctx, cmd)
		}
		ctx, span := tracing.Begin(ctx, "redis "+cmd.Name(), trace.SpanKindClient, system)
		defer span.End()
		err := next(ctx, cmd)
		fail(span, err)
		return err
	}
}

// ProcessPipelineHook implements [redis.Hook].
func (traced) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !tracing.Active(ctx) {
			return next(ctx, cmds)
		}
		ctx, span := tracing.Begin(ctx, "redis pipeline", trace.SpanKindClient, system, attribute.Int("db.operation.batch.size", len(cmds)))
		defer span.End()
		err := next(ctx, cmds)
		fail(span, err)
		return err
	}
}

func fail(span trace.Span, err error) {
	if err != nil && !errors.Is(err, redis.Nil) {
		span.SetStatus(codes.Error, "failed")
	}
}
