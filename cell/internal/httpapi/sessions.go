package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// ListUserSessions implements the API.
func (s *server) ListUserSessions(ctx context.Context, r api.ListUserSessionsRequestObject) (api.ListUserSessionsResponseObject, error) {
	sessions, err := s.Sessions.List(ctx, callFrom(ctx), r.UserID)
	if err != nil {
		return nil, err
	}
	return api.ListUserSessions200JSONResponse{Items: listOf(sessions, sessionOf)}, nil
}

// EndUserSessions implements the API.
func (s *server) EndUserSessions(ctx context.Context, r api.EndUserSessionsRequestObject) (api.EndUserSessionsResponseObject, error) {
	if err := s.Sessions.EndAll(ctx, callFrom(ctx), r.UserID); err != nil {
		return nil, err
	}
	return api.EndUserSessions204Response{}, nil
}

// EndUserSession implements the API.
func (s *server) EndUserSession(ctx context.Context, r api.EndUserSessionRequestObject) (api.EndUserSessionResponseObject, error) {
	if err := s.Sessions.End(ctx, callFrom(ctx), r.UserID, r.SessionID, cell.SessionRevoked); err != nil {
		return nil, err
	}
	return api.EndUserSession204Response{}, nil
}

func sessionOf(s cell.Session) api.Session {
	return api.Session{ID: s.ID, Address: s.Address, UserAgent: s.UserAgent, ExpiresAt: s.ExpiresAt.UTC(), CreatedAt: s.CreatedAt.UTC()}
}
