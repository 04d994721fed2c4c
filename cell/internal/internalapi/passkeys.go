package internalapi

import (
	"context"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/credentials"
)

func partyOf(rp api.RelyingParty) credentials.RelyingParty {
	return credentials.RelyingParty{ID: rp.ID, Name: rp.Name, Origin: rp.Origin}
}

// BeginPasskeyLogin implements the API.
func (s *server) BeginPasskeyLogin(ctx context.Context, r api.BeginPasskeyLoginRequestObject) (api.BeginPasskeyLoginResponseObject, error) {
	options, err := s.signin.Passkeys.BeginLogin(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.Body.UserID, partyOf(r.Body.RelyingParty))
	if err != nil {
		return nil, err
	}
	return api.BeginPasskeyLogin200JSONResponse{Options: options}, nil
}

// FinishPasskeyLogin implements the API.
func (s *server) FinishPasskeyLogin(ctx context.Context, r api.FinishPasskeyLoginRequestObject) (api.FinishPasskeyLoginResponseObject, error) {
	err := s.signin.Passkeys.Login(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.Body.UserID, partyOf(r.Body.RelyingParty), r.Body.Answer)
	if err != nil {
		return nil, err
	}
	return api.FinishPasskeyLogin204Response{}, nil
}

// BeginPasskey implements the API.
func (s *server) BeginPasskey(ctx context.Context, r api.BeginPasskeyRequestObject) (api.BeginPasskeyResponseObject, error) {
	options, err := s.signin.Passkeys.BeginAdding(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, partyOf(r.Body.RelyingParty))
	if err != nil {
		return nil, err
	}
	return api.BeginPasskey200JSONResponse{Options: options}, nil
}

// FinishPasskey implements the API.
func (s *server) FinishPasskey(ctx context.Context, r api.FinishPasskeyRequestObject) (api.FinishPasskeyResponseObject, error) {
	err := s.signin.Passkeys.Add(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, partyOf(r.Body.RelyingParty), r.Body.Name, r.Body.Answer)
	if err != nil {
		return nil, err
	}
	return api.FinishPasskey204Response{}, nil
}

// RemovePasskey implements the API.
func (s *server) RemovePasskey(ctx context.Context, r api.RemovePasskeyRequestObject) (api.RemovePasskeyResponseObject, error) {
	if err := s.signin.Passkeys.Remove(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, r.PasskeyID); err != nil {
		return nil, err
	}
	return api.RemovePasskey204Response{}, nil
}
