package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/billing"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/events"
	"github.com/coditect/platform/cell/internal/graph"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/metering"
	"github.com/coditect/platform/cell/internal/webhooks"
	"github.com/coditect/platform/cell/internal/workspaces"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

// UseCases are what the API offers.
type UseCases struct {
	Organizations workspaces.Organizations
	Users         workspaces.Users
	Keys          workspaces.Keys
	Roles         workspaces.Roles
	Sessions      workspaces.Sessions
	Invitations   workspaces.Invitations
	Workspaces    workspaces.Workspaces
	Members       workspaces.Members
	Projects      workspaces.Projects
	History       workspaces.History
	Auditor       chain.Auditor
	Events        *events.Hub
	Usage         metering.Reports
	Endpoints     webhooks.Endpoints
	Deliveries    webhooks.Deliveries
	Jobs          jobs.Board
	Schedules     jobs.Schedules
	Files         jobs.Files
	Graph         *graph.Graph
	Billing       billing.Desk
}

// Options says how the API is served. All fields but Memory are required.
type Options struct {
	UseCases UseCases
	Guard    func(http.Handler) http.Handler // lets only the router's requests in; see package door
	Log      *slog.Logger
	Registry prometheus.Registerer
	Served   func()           // called for every request, for the cell's heartbeat
	Counted  func(tenancy.ID) // called for every request that was let in, for the tenant's usage
	Memory   Memory           // nil: every answer comes from the database
}

// maxBody bounds a request's body, in bytes.
const maxBody = 256 << 10

// New returns the handler of the tenant-facing API.
func New(opts Options) (http.Handler, error) {
	validate, err := web.NewValidator(api.Spec)
	if err != nil {
		return nil, err
	}
	rights, err := readPermissions(api.Spec)
	if err != nil {
		return nil, err
	}
	document, err := readDocument(api.Spec)
	if err != nil {
		return nil, err
	}
	operations, err := readCacheables(api.Spec)
	if err != nil {
		return nil, err
	}
	if opts.Memory == nil {
		opts.Memory = noMemory{}
	}
	memory := &remembering{memory: opts.Memory, operations: operations}
	kit := web.New(web.Options{
		Component: "cell", Log: opts.Log, Registry: opts.Registry, MaxBody: maxBody,
		Validate: func(next http.Handler) http.Handler {
			return opts.Guard(withDeadline(withCaller(rights, countCalls(opts.Counted, memory.wrap(validate(next))))))
		},
	})
	render := renderer(kit, newRefusals(opts.Registry))
	strict := api.NewStrictHandlerWithOptions(&server{opts.UseCases, document}, []api.StrictMiddlewareFunc{authorize(rights)},
		api.StrictHTTPServerOptions{RequestErrorHandlerFunc: kit.RenderBadRequest, ResponseErrorHandlerFunc: render})
	router := mux.NewRouter()
	router.Use(withOnce(render))
	api.HandlerWithOptions(strict, api.GorillaServerOptions{BaseRouter: router, ErrorHandlerFunc: kit.RenderBadRequest})
	return counted(kit.Handler(router), opts.Served), nil
}

// countCalls counts requests that the fence and the caller's rights let in,
// whatever became of them. Strangers do not use anything up.
func countCalls(count func(tenancy.ID), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if call := callFrom(r.Context()); call.Allowed {
			count(call.Tenant)
		}
	})
}

func counted(next http.Handler, served func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served()
		next.ServeHTTP(w, r)
	})
}

// server implements the generated interface, a file a noun.
type server struct {
	UseCases
	document document
}
