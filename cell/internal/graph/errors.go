package graph

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/coditect/platform/shared/fault"
)

// What is told of a query that is not valid.
const (
	mostMistakes = 10
	mostRunes    = 300 // of each: they repeat what was sent
)

// refusal is a query that the schema does not let pass.
func refusal(mistakes gqlerror.List) error {
	refused := fault.New(fault.Invalid, "the query breaks rules of the API")
	for _, m := range mistakes[:min(len(mistakes), mostMistakes)] {
		text := []rune(strings.ToValidUTF8(m.Message, "\uFFFD"))
		text = text[:min(len(text), mostRunes)]
		field := "/query"
		if len(m.Path) > 0 { // into the variables
			field = "/variables"
		}
		if len(m.Locations) > 0 {
			refused = refused.At(field, "line %d, column %d: %s", m.Locations[0].Line, m.Locations[0].Column, string(text))
		} else {
			refused = refused.At(field, "%s", string(text))
		}
	}
	return refused
}

type requestIDKey struct{}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// presenter shows the error of a field with what a problem document has:
// message, code and request id. What is no fault is logged, and tells nothing.
func presenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		request, _ := ctx.Value(requestIDKey{}).(string)
		shown := &gqlerror.Error{
			Message: "something went wrong here; the request id helps to find out what", Path: graphql.GetPath(ctx),
			Extensions: map[string]any{"code": fault.CodeOf(err), "request_id": request},
		}
		var known *fault.Error
		if errors.As(err, &known) && known.Code != fault.Internal {
			shown.Message = known.Message
		} else {
			log.ErrorContext(ctx, "field of a query failed", "path", shown.Path.String(), "request_id", request, "err", err)
		}
		return shown
	}
}
