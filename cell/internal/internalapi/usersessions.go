package internalapi

import (
	"context"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
)

// ListSessions implements the API.
func (s *server) ListSessions(ctx context.Context, r api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	sessions, err := s.sessions.List(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID)
	if err != nil {
		return nil, err
	}
	answer := api.ListSessions200JSONResponse{Items: make([]api.SessionShown, len(sessions))}
	for i, one := range sessions {
		answer.Items[i] = api.SessionShown{
			SessionID: one.ID, Address: one.Address, UserAgent: one.UserAgent, CreatedAt: one.CreatedAt.UTC(), ExpiresAt: one.ExpiresAt.UTC(),
		}
	}
	return answer, nil
}

// EndSession implements the API.
func (s *server) EndSession(ctx context.Context, r api.EndSessionRequestObject) (api.EndSessionResponseObject, error) {
	how := cell.SessionRevoked
	if r.Params.SignedOut != nil && *r.Params.SignedOut {
		how = cell.SessionSignedOut
	}
	if err := s.sessions.End(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, r.SessionID, how); err != nil {
		return nil, err
	}
	return api.EndSession204Response{}, nil
}
