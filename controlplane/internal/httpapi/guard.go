package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// guard lets a request through if its key may call the operation.
type guard struct {
	table   map[string]access
	router  *mux.Router
	callers *identity.Callers
	render  func(http.ResponseWriter, *http.Request, error)
}

func newGuard(spec []byte, router *mux.Router, callers *identity.Callers) (*guard, error) {
	table, err := accessTable(spec)
	return &guard{table: table, router: router, callers: callers}, err
}

func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := g.admit(r)
		if err != nil {
			if fault.CodeOf(err) == fault.Unauthenticated {
				w.Header().Set("WWW-Authenticate", `Bearer realm="control plane"`)
			}
			g.render(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// admit returns the context of an admitted request: with its actor, and marked
// as guarded. Requests without a route go on unmarked, for mux to answer.
func (g *guard) admit(r *http.Request) (context.Context, error) {
	ctx := r.Context()
	var match mux.RouteMatch
	if found := g.router.Match(r, &match) && match.MatchErr == nil && match.Route != nil; !found {
		return ctx, nil
	}
	template, err := match.Route.GetPathTemplate()
	if err != nil {
		return nil, err
	}
	a, ok := g.table[r.Method+" "+template]
	switch {
	case !ok:
		return nil, fault.New(fault.Forbidden, "nobody may call this operation")
	case a.Public:
		return admitted(ctx, controlplane.Key{Name: controlplane.Public.Name, Role: controlplane.Role(controlplane.Public.Role)}), nil
	}
	secret, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	key, err := g.callers.Authenticate(ctx, secret)
	if err != nil {
		return nil, err
	}
	if !a.allows(key, match.Vars["cell"]) {
		return nil, fault.New(fault.Forbidden, "the role %s may not do this", key.Role)
	}
	return admitted(ctx, key), nil
}

type guardKey struct{}

func admitted(ctx context.Context, key controlplane.Key) context.Context {
	ctx = context.WithValue(ctx, guardKey{}, key)
	return controlplane.WithActor(ctx, controlplane.Actor{Name: key.Name, Role: string(key.Role), RequestID: web.RequestID(ctx)})
}

func guarded(ctx context.Context) bool {
	_, ok := ctx.Value(guardKey{}).(controlplane.Key)
	return ok
}

// caller returns the key that the guard let through.
func caller(ctx context.Context) controlplane.Key {
	key, _ := ctx.Value(guardKey{}).(controlplane.Key)
	return key
}
