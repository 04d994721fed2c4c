// Package internalapi serves the control-plane-facing API of
// ../../api/internalapi/internal.yaml, on a listener of its own.
package internalapi

import (
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/export"
	"github.com/coditect/platform/cell/internal/metering"
	"github.com/coditect/platform/cell/internal/residency"
	"github.com/coditect/platform/cell/internal/transfer"
	"github.com/coditect/platform/cell/internal/workspaces"
	"github.com/coditect/platform/shared/web"
)

// Options says how the API is served. All fields are required.
type Options struct {
	Cell      string
	Residency residency.Residency
	Database  Database
	Usage     metering.Ledger
	Late      metering.Late
	Archive   export.Archive
	Fences    transfer.Fences
	Exporter  *transfer.Exporter
	Importer  transfer.Importer
	Anchors   Anchors
	Auditor   chain.Auditor
	Sessions  workspaces.Sessions
	SignIn    SignIn
	Sets      UserSets
	Guard     func(http.Handler) http.Handler // lets only the control plane's requests and tickets in; see package door
	Log       *slog.Logger
	Registry  prometheus.Registerer
}

// maxBody bounds a request's body, in bytes: the keys of all rows that changed
// between the verification and the end of a migration.
const maxBody = 32 << 20

// New returns the handler of the internal API.
func New(opts Options) (http.Handler, error) {
	validate, err := web.NewValidator(api.Spec)
	if err != nil {
		return nil, err
	}
	kit := web.New(web.Options{
		Component: "cell_internal", Log: opts.Log, Registry: opts.Registry, MaxBody: maxBody, Streaming: isStream,
		Validate: func(next http.Handler) http.Handler { return opts.Guard(withPatience(validate(next))) },
	})
	strict := api.NewStrictHandlerWithOptions(&server{
		cell: opts.Cell, residency: opts.Residency, database: opts.Database, archive: opts.Archive, usage: opts.Usage, fences: opts.Fences, exporter: opts.Exporter, importer: opts.Importer, log: opts.Log, anchors: opts.Anchors,
		sessions: opts.Sessions, late: opts.Late, auditor: opts.Auditor, signin: opts.SignIn, sets: opts.Sets,
	}, nil, api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: kit.RenderBadRequest, ResponseErrorHandlerFunc: kit.RenderError,
	})
	router := mux.NewRouter()
	api.HandlerWithOptions(strict, api.GorillaServerOptions{BaseRouter: router, ErrorHandlerFunc: kit.RenderBadRequest})
	return kit.Handler(router), nil
}

// server implements the generated interface.
type server struct {
	cell      string
	residency residency.Residency
	database  Database
	fences    transfer.Fences
	exporter  *transfer.Exporter
	importer  transfer.Importer
	log       *slog.Logger
	usage     metering.Ledger
	late      metering.Late
	archive   export.Archive
	anchors   Anchors
	auditor   chain.Auditor
	sessions  workspaces.Sessions
	signin    SignIn
	sets      UserSets
}
