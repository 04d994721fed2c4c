package internalapi

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

// BeginSession implements the API.
func (s *server) BeginSession(ctx context.Context, r api.BeginSessionRequestObject) (api.BeginSessionResponseObject, error) {
	session := cell.Session{UserID: r.Body.UserID}
	if r.Body.Address != nil {
		session.Address = *r.Body.Address
	}
	if r.Body.UserAgent != nil {
		session.UserAgent = *r.Body.UserAgent
	}
	begun, secret, err := s.sessions.Begin(ctx, onBehalfOf(ctx, r.TenantID), session, time.Duration(r.Body.Seconds)*time.Second)
	if err != nil {
		return nil, err
	}
	return api.BeginSession201JSONResponse{SessionID: begun.ID, Secret: string(secret), ExpiresAt: begun.ExpiresAt.UTC()}, nil
}

// CheckSession implements the API.
func (s *server) CheckSession(ctx context.Context, r api.CheckSessionRequestObject) (api.CheckSessionResponseObject, error) {
	session, user, err := s.sessions.Check(ctx, onBehalfOf(ctx, r.TenantID), cell.Secret(r.Body.Secret))
	if err != nil {
		return nil, err
	}
	return api.CheckSession200JSONResponse{
		SessionID: session.ID, UserID: user.ID, Name: user.Name, Email: user.Email, Role: string(user.Role), ExpiresAt: session.ExpiresAt.UTC(),
	}, nil
}

// onBehalfOf is a call of the cell itself for a tenant: the control plane, which
// signed the request, answers for it.
func onBehalfOf(ctx context.Context, tenant tenancy.ID) *cell.Call {
	return &cell.Call{Tenant: tenant, System: true, RequestID: web.RequestID(ctx)}
}
