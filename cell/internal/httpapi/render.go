package httpapi

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// newRefusals counts what the fence turned away, by the few states that there are.
func newRefusals(registry prometheus.Registerer) *prometheus.CounterVec {
	refusals := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cell_fence_refusals_total", Help: "Requests that the fence refused, by the state that the router is told.",
	}, []string{"state"})
	if registry != nil {
		registry.MustRegister(refusals)
	}
	return refusals
}

// renderer answers errors, and what was answered before. A refusal of the fence carries the headers by which
// the router finds the tenant; it is part of every migration, so it is not
// logged as a failure.
func renderer(kit *web.Web, refusals *prometheus.CounterVec) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		var replayed *cell.Replayed
		if errors.As(err, &replayed) {
			replay(w, replayed.Answer)
			return
		}
		var refused *cell.Refused
		if !errors.As(err, &refused) {
			if fault.CodeOf(err) == fault.Unauthenticated {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			kit.RenderError(w, r, err)
			return
		}
		refusals.WithLabelValues(refused.TenantState).Inc()
		w.Header().Set(cellapi.HeaderTenantState, refused.TenantState)
		if refused.Cell != "" {
			w.Header().Set(cellapi.HeaderTenantCell, refused.Cell)
			w.Header().Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(refused.Epoch, 10))
		}
		fault.WriteProblem(w, refused, web.RequestID(r.Context()))
	}
}
