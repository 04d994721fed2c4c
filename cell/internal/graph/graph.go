package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/fault"
)

// Store reads what queries are for. It is an interface because use-cases do not
// know the database.
type Store interface {
	// LookUp makes lookups in one snapshot behind one look at the fence, and
	// sets call.Admitted. It asks next for those of a round trip until they
	// were the last.
	LookUp(ctx context.Context, call *cell.Call, next func() (lookups []cell.Lookup, last bool)) error
}

// Graph answers queries. It is safe for concurrent use.
type Graph struct {
	store    Store
	span     func(cell.UsageSpan) (cell.UsageSpan, error)
	schema   *ast.Schema
	executor *executor.Executor
}

// New returns a graph over the store. span judges the days of which usage is
// asked for.
func New(store Store, span func(cell.UsageSpan) (cell.UsageSpan, error), log *slog.Logger) (*Graph, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: api.GraphSchema})
	if err != nil {
		return nil, fmt.Errorf("GraphQL schema: %w", err)
	}
	delete(schema.Directives, "defer") // an answer comes in one piece
	e := executor.New(NewExecutableSchema(Config{Schema: schema, Resolvers: resolvers{}}))
	e.Use(extension.Introspection{})
	e.SetParserTokenLimit(MaxTokens)
	e.SetDisableSuggestion(true)
	e.SetErrorPresenter(presenter(log))
	e.SetRecoverFunc(func(_ context.Context, cause any) error { return fmt.Errorf("panic: %v", cause) })
	return &Graph{store: store, span: span, schema: schema, executor: e}, nil
}

// Request is a query as it came.
type Request struct {
	Query     string
	Operation string         // which of the query's; "" if it has one
	Variables map[string]any // with numbers as json.Number
}

// Answer answers a query of the caller, in JSON. Its error is the whole request's:
// the query breaks a rule, the fence or the credential refuses, or the database fails.
// What the caller may not see, or is not there, is an error in the answer.
func (g *Graph) Answer(ctx context.Context, call *cell.Call, r Request) ([]byte, error) {
	ctx = graphql.StartOperationTrace(ctx)
	operation, refused := g.executor.CreateOperationContext(ctx, &graphql.RawParams{
		Query: r.Query, OperationName: r.Operation, Variables: r.Variables,
	})
	if len(refused) > 0 {
		return nil, refusal(refused)
	}
	p := planner{rules: rules{call.Tenant, g.span}, operation: operation, schema: g.schema}
	wants, err := p.plan()
	if err != nil {
		return nil, err
	}
	root, err := load(ctx, g.store, call, wants)
	if err != nil {
		return nil, err
	}
	ctx = context.WithValue(withRequestID(ctx, call.RequestID), rootKey{}, root)
	respond, ctx := g.executor.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if response == nil {
		return nil, fault.Wrap(errors.Join(ctx.Err()), fault.Timeout, "the request's time was over before the cell had an answer")
	}
	return json.Marshal(response)
}
