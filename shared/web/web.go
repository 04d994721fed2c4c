package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/shared/fault"
)

const defaultMaxBody = 1 << 20

// statusClientClosed is nginx's status of a request whose client went away. Only
// the log and the metrics see it, where it is no fault of ours.
const statusClientClosed = 499

// Options says how an API is served. Log is required.
type Options struct {
	Component string                // prefix of metric names, e.g. "controlplane"
	Log       *slog.Logger          //
	Registry  prometheus.Registerer // nil: no metrics
	MaxBody   int64                 // bytes of a request body; 0: 1 MiB
	// Streaming reports requests whose body is a stream that the handler itself
	// bounds; they are not limited here. nil: none.
	Streaming func(*http.Request) bool
	Validate  func(http.Handler) http.Handler // see NewValidator; nil: none
}

// Web builds handlers. It is safe for concurrent use.
type Web struct {
	opts    Options
	metrics *metrics
}

// New returns a Web.
func New(opts Options) *Web {
	if opts.MaxBody == 0 {
		opts.MaxBody = defaultMaxBody
	}
	if opts.Streaming == nil {
		opts.Streaming = func(*http.Request) bool { return false }
	}
	if opts.Validate == nil {
		opts.Validate = func(next http.Handler) http.Handler { return next }
	}
	return &Web{opts: opts, metrics: newMetrics(opts.Component, opts.Registry)}
}

// Handler wraps r in the chain that the package's documentation shows, and
// makes its own 404 and 405 problem documents.
func (w *Web) Handler(r *mux.Router) http.Handler {
	r.NotFoundHandler = w.answer(fault.New(fault.NotFound, "no such resource; see the API's OpenAPI document"))
	r.MethodNotAllowedHandler = w.methodNotAllowed(r)
	r.Use(noteRoute)
	h := w.opts.Validate(r)
	h = w.limitBody(h)
	h = w.observe(h)
	h = w.recoverPanics(h)
	return withRequestID(h)
}

// RenderError answers with err's problem document. Causes of our own faults go
// to the log, never to the client.
func (w *Web) RenderError(rw http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) { // what failed then failed because of it
		rw.WriteHeader(statusClientClosed)
		return
	}
	if code := fault.CodeOf(err); code.Status() >= http.StatusInternalServerError && r.Context().Err() == nil {
		w.opts.Log.ErrorContext(r.Context(), "request failed", "request_id", RequestID(r.Context()),
			"method", r.Method, "path", r.URL.Path, "code", code, "err", err)
	}
	fault.WriteProblem(rw, err, RequestID(r.Context()))
}

// RenderBadRequest is for generated code that failed to read a request: such an
// error is the client's, unless it is already a fault.
func (w *Web) RenderBadRequest(rw http.ResponseWriter, r *http.Request, err error) {
	if fault.CodeOf(err) == fault.Internal {
		err = requestFault(err)
	}
	w.RenderError(rw, r, err)
}

func (w *Web) answer(err error) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.RenderError(rw, r, err) })
}

func (w *Web) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.opts.Streaming(r) {
			if r.ContentLength > w.opts.MaxBody {
				w.RenderError(rw, r, tooLarge(w.opts.MaxBody))
				return
			}
			r.Body = http.MaxBytesReader(rw, r.Body, w.opts.MaxBody)
		}
		next.ServeHTTP(rw, r)
	})
}

func (w *Web) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler: // the standard way to cut a connection
				panic(p)
			default:
				w.opts.Log.ErrorContext(r.Context(), "handler panicked", "request_id", RequestID(r.Context()), "panic", p, "path", r.URL.Path)
				fault.WriteProblem(rw, fault.New(fault.Internal, "something went wrong on our side; quote the request id"), RequestID(r.Context()))
			}
		}()
		next.ServeHTTP(rw, r)
	})
}
