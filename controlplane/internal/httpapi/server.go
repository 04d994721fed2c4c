package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/cells"
	"github.com/coditect/platform/controlplane/internal/custody"
	"github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/controlplane/internal/onboarding"
	"github.com/coditect/platform/controlplane/internal/recovery"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/web"
)

// Audit reads the audit log. An interface since it has no use-case of its own.
type Audit interface {
	List(ctx context.Context, f controlplane.AuditFilter, page controlplane.Page) ([]controlplane.AuditEntry, error)
}

// Options is what the API serves; everything is required unless it says otherwise.
type Options struct {
	Cells      cells.Service
	Reader     directory.Reader
	Tenants    directory.Tenants
	Domains    directory.Domains
	Importer   *directory.Importer
	Onboarding *onboarding.Service
	Migrations migration.Service
	Recovery   recovery.Service
	AuditLogs  custody.Audits
	Offered    *plans.Catalogue
	Desk       *billing.Desk // nil: nothing is billed; likewise the next three
	Hooks      Hooks
	Inbox      Inbox
	Refused    func() // counts refused webhooks
	Signups    SignupThrottle
	Proxies    []netip.Prefix // whose X-Forwarded-For is believed; may be empty
	Identity   *identity.Service
	Callers    *identity.Callers
	Issuer     string    // of operators' access tokens; "": there are none
	TokenHook  TokenHook // nil: there is no authorization server
	Audit      Audit
	Clock      func() time.Time
	Log        *slog.Logger
	Registry   prometheus.Registerer
}

// server implements the generated interface, an operation a method.
type server struct{ Options }

var _ api.StrictServerInterface = (*server)(nil)

const (
	signupPath  = "/v1/signups"
	lookupPath  = "/v1/directory/lookup"
	lookupsPath = "/v1/directory/lookups"
	importPath  = "/v1/tenants/import"
	archivePath = "/archive" // of a tenant
	webhookPath = "/v1/webhooks/stripe"
)

// New returns the API's handler.
func New(opts Options) (http.Handler, error) {
	spec, err := api.GetSpecJSON()
	if err != nil {
		return nil, err
	}
	validate, err := web.NewValidator(spec)
	if err != nil {
		return nil, err
	}
	router := mux.NewRouter()
	guard, err := newGuard(spec, router, opts.Callers)
	if err != nil {
		return nil, err
	}
	hook := &webhook{hooks: opts.Hooks, inbox: opts.Inbox, refused: opts.Refused}
	claims := &tokenHook{hook: opts.TokenHook}
	limit := &signupLimit{throttle: opts.Signups, proxies: opts.Proxies}
	w := web.New(web.Options{
		Component: "controlplane", Log: opts.Log, Registry: opts.Registry,
		Streaming: func(r *http.Request) bool {
			return r.URL.Path == importPath || r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, archivePath)
		},
		Validate: func(next http.Handler) http.Handler {
			byHand := map[string]http.Handler{lookupPath: next, lookupsPath: checkLookups(next), webhookPath: hook, controlplane.TokenHookPath: claims}
			return limit.wrap(guard.wrap(except(byHand, validate(next))))
		},
	})
	guard.render, limit.render, hook.render, claims.render = w.RenderError, w.RenderError, w.RenderError, w.RenderError
	strict := api.NewStrictHandlerWithOptions(&server{opts}, []api.StrictMiddlewareFunc{mustBeGuarded}, api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: w.RenderBadRequest, ResponseErrorHandlerFunc: w.RenderError,
	})
	api.HandlerWithOptions(strict, api.GorillaServerOptions{BaseRouter: router, ErrorHandlerFunc: w.RenderBadRequest})
	return w.Handler(router), nil
}

// except sends some paths past the validator: they check by hand.
func except(byHand map[string]http.Handler, validated http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := byHand[r.URL.Path]; ok {
			h.ServeHTTP(w, r)
			return
		}
		validated.ServeHTTP(w, r)
	})
}

// mustBeGuarded refuses what the guard did not let through, should a route ever
// be reached past it.
func mustBeGuarded(next api.StrictHandlerFunc, operation string) api.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		if !guarded(ctx) {
			return nil, fault.New(fault.Forbidden, "this request was not authorised")
		}
		return next(ctx, w, r, request)
	}
}
