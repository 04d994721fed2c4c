// Package internalapi serves the control-plane-facing API of
// ../../api/internalapi/internal.yaml, on a listener of its own.
package internalapi

import (
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/export"
	"github.com/coditect/platform/cell/internal/residency"
	"github.com/coditect/platform/shared/web"
)

// Options says how the API is served. All fields are required.
type Options struct {
	Residency residency.Residency
	Archive   export.Archive
	Guard     func(http.Handler) http.Handler // lets only the control plane's requests in; see package door
	Log       *slog.Logger
	Registry  prometheus.Registerer
}

// maxBody bounds a request's body, in bytes: a full batch with the longest names.
const maxBody = 4 << 20

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
	strict := api.NewStrictHandlerWithOptions(&server{residency: opts.Residency, archive: opts.Archive}, nil, api.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: kit.RenderBadRequest, ResponseErrorHandlerFunc: kit.RenderError,
	})
	router := mux.NewRouter()
	api.HandlerWithOptions(strict, api.GorillaServerOptions{BaseRouter: router, ErrorHandlerFunc: kit.RenderBadRequest})
	return kit.Handler(router), nil
}

// server implements the generated interface.
type server struct {
	residency residency.Residency
	archive   export.Archive
}
