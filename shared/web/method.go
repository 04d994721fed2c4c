package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/shared/fault"
)

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// methodNotAllowed answers 405 with the Allow header that RFC 9110 §15.5.6
// requires and mux leaves out.
func (w *Web) methodNotAllowed(router *mux.Router) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		allowed := allowedMethods(router, r)
		rw.Header().Set("Allow", strings.Join(allowed, ", "))
		w.RenderError(rw, r, fault.New(fault.MethodNotAllowed, "%s is not possible here; use %s", safeMethod(r.Method), strings.Join(allowed, " or ")))
	})
}

func allowedMethods(router *mux.Router, r *http.Request) []string {
	var allowed []string
	for _, m := range methods {
		probe := r.Clone(r.Context())
		probe.Method = m
		var match mux.RouteMatch
		if router.Match(probe, &match) && match.MatchErr == nil {
			allowed = append(allowed, m)
		}
	}
	return allowed
}

// safeMethod keeps what a client invented out of answers.
func safeMethod(m string) string {
	if slices.Contains(methods, m) || m == http.MethodOptions {
		return m
	}
	return "this method"
}
