package internalapi

import (
	"context"
	"net/http"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/fault"
)

// Database says which one it is. An interface, since there is no use-case in it.
type Database interface {
	Standing(ctx context.Context) (cell.DatabaseStanding, error)
}

// Reconciles reports requests that a cell answers while its database has to be
// reconciled: what it takes to do that, and nothing that could go on with a
// migration as the backup knows it.
func Reconciles(r *http.Request) bool {
	switch r.URL.Path {
	case "/internal/v1/standing", "/internal/v1/standing/fences":
		return true
	case "/internal/v1/tenants":
		return r.Method == http.MethodGet
	case "/internal/v1/transfer/moves":
		return r.Method == http.MethodDelete
	}
	return false
}

// GetDatabaseStanding implements the API.
func (s *server) GetDatabaseStanding(ctx context.Context, _ api.GetDatabaseStandingRequestObject) (api.GetDatabaseStandingResponseObject, error) {
	now, err := s.database.Standing(ctx)
	if err != nil {
		return nil, err
	}
	return api.GetDatabaseStanding200JSONResponse{Serving: now.Good(), Found: incarnationOf(now.Found), Trusted: incarnationOf(now.Trusted)}, nil
}

func incarnationOf(i cell.Incarnation) api.Incarnation {
	return api.Incarnation{SystemID: i.SystemID, Timeline: i.Timeline}
}

// TrustDatabase implements the API.
func (s *server) TrustDatabase(ctx context.Context, r api.TrustDatabaseRequestObject) (api.TrustDatabaseResponseObject, error) {
	if err := s.residency.Trust(ctx, cell.Incarnation{SystemID: r.Body.SystemID, Timeline: r.Body.Timeline}); err != nil {
		return nil, err
	}
	s.log.WarnContext(ctx, "the database is trusted", "system_id", r.Body.SystemID, "timeline", r.Body.Timeline)
	return api.TrustDatabase204Response{}, nil
}

// ReconcileFences implements the API.
func (s *server) ReconcileFences(ctx context.Context, r api.ReconcileFencesRequestObject) (api.ReconcileFencesResponseObject, error) {
	orders := make([]cell.FenceOrder, len(r.Body.Fences))
	for i, o := range r.Body.Fences {
		orders[i] = cell.FenceOrder{TenantID: o.TenantID, State: cell.FenceState(o.State), Epoch: o.Epoch, Action: cell.FenceAction(o.Action)}
		if o.Cell != nil {
			orders[i].Cell = *o.Cell
		}
		if o.ToEpoch != nil {
			orders[i].ToEpoch = *o.ToEpoch
		}
		if err := orders[i].Check(); err != nil {
			return nil, err
		}
	}
	out := api.ReconcileFences200JSONResponse{Results: make([]api.FenceOutcome, len(orders))}
	for i, err := range s.residency.Reconcile(ctx, orders) {
		out.Results[i] = api.FenceOutcome{TenantID: orders[i].TenantID, Done: err == nil}
		if err != nil {
			s.log.WarnContext(ctx, "a fence was not reconciled", "tenant", orders[i].TenantID, "err", err)
			why := fault.ProblemOf(err, "").Detail
			out.Results[i].Problem = &why
		}
	}
	return out, nil
}
