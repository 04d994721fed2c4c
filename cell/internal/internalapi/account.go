package internalapi

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	api "github.com/coditect/platform/cell/api/internalapi"
)

// GetStanding implements the API.
func (s *server) GetStanding(ctx context.Context, r api.GetStandingRequestObject) (api.GetStandingResponseObject, error) {
	var session uuid.UUID
	if r.Params.Session != nil {
		session = *r.Params.Session
	}
	standing, err := s.signin.Account.Standing(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, session)
	if err != nil {
		return nil, err
	}
	answer := api.GetStanding200JSONResponse{
		Active: standing.Active, EmailVerified: standing.EmailVerified, Roles: rolesOf(standing.Role), SessionsRevokedAt: orAbsent(standing.SessionsRevokedAt),
	}
	if end := api.SessionEnd(standing.Session); end != "" {
		answer.Session = &end
	}
	return answer, nil
}

// orAbsent leaves the zero time out.
func orAbsent(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// GetSecurity implements the API.
func (s *server) GetSecurity(ctx context.Context, r api.GetSecurityRequestObject) (api.GetSecurityResponseObject, error) {
	view, err := s.signin.Account.Security(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID)
	if err != nil {
		return nil, err
	}
	answer := api.GetSecurity200JSONResponse{
		Name: view.Person.Name, Email: view.Person.Email, EmailVerified: view.EmailVerified, Password: view.Password, Totp: view.TOTP, RecoveryCodes: view.RecoveryCodes,
		Passkeys: make([]api.Passkey, len(view.Passkeys)), Devices: make([]api.Device, len(view.Devices)),
	}
	for i, k := range view.Passkeys {
		answer.Passkeys[i] = api.Passkey{ID: base64.RawURLEncoding.EncodeToString(k.ID), Name: k.Name, CreatedAt: k.CreatedAt.UTC(), LastUsedAt: orAbsent(k.LastUsedAt)}
	}
	for i, d := range view.Devices {
		answer.Devices[i] = api.Device{ID: d.ID, Name: d.Name, CreatedAt: d.CreatedAt.UTC(), ExpiresAt: d.ExpiresAt.UTC(), LastUsedAt: orAbsent(d.LastUsedAt)}
	}
	return answer, nil
}

// ChangePassword implements the API.
func (s *server) ChangePassword(ctx context.Context, r api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	current := ""
	if r.Body.Current != nil {
		current = *r.Body.Current
	}
	if err := s.signin.Passwords.Change(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, current, r.Body.Password); err != nil {
		return nil, err
	}
	return api.ChangePassword204Response{}, nil
}

// SendVerification implements the API.
func (s *server) SendVerification(ctx context.Context, r api.SendVerificationRequestObject) (api.SendVerificationResponseObject, error) {
	if err := s.signin.Passwords.SendVerification(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID); err != nil {
		return nil, err
	}
	return api.SendVerification204Response{}, nil
}

// BeginTotp implements the API.
func (s *server) BeginTotp(ctx context.Context, r api.BeginTotpRequestObject) (api.BeginTotpResponseObject, error) {
	enrolment, err := s.signin.Steps.Begin(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID)
	if err != nil {
		return nil, err
	}
	return api.BeginTotp200JSONResponse{URI: enrolment.URI, Secret: enrolment.Secret}, nil
}

// ConfirmTotp implements the API.
func (s *server) ConfirmTotp(ctx context.Context, r api.ConfirmTotpRequestObject) (api.ConfirmTotpResponseObject, error) {
	codes, err := s.signin.Steps.Confirm(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, r.Body.Code)
	if err != nil {
		return nil, err
	}
	return api.ConfirmTotp200JSONResponse{RecoveryCodesJSONResponse: api.RecoveryCodesJSONResponse{RecoveryCodes: codes}}, nil
}

// RemoveTotp implements the API.
func (s *server) RemoveTotp(ctx context.Context, r api.RemoveTotpRequestObject) (api.RemoveTotpResponseObject, error) {
	if err := s.signin.Steps.Remove(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID); err != nil {
		return nil, err
	}
	return api.RemoveTotp204Response{}, nil
}

// MakeRecoveryCodes implements the API.
func (s *server) MakeRecoveryCodes(ctx context.Context, r api.MakeRecoveryCodesRequestObject) (api.MakeRecoveryCodesResponseObject, error) {
	codes, err := s.signin.Steps.NewRecoveryCodes(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID)
	if err != nil {
		return nil, err
	}
	return api.MakeRecoveryCodes200JSONResponse{RecoveryCodesJSONResponse: api.RecoveryCodesJSONResponse{RecoveryCodes: codes}}, nil
}

// RememberDevice implements the API.
func (s *server) RememberDevice(ctx context.Context, r api.RememberDeviceRequestObject) (api.RememberDeviceResponseObject, error) {
	secret, err := s.signin.Account.Remember(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, r.Body.Name)
	if err != nil {
		return nil, err
	}
	return api.RememberDevice200JSONResponse{Secret: string(secret)}, nil
}

// ForgetDevice implements the API.
func (s *server) ForgetDevice(ctx context.Context, r api.ForgetDeviceRequestObject) (api.ForgetDeviceResponseObject, error) {
	if err := s.signin.Account.Forget(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID, r.DeviceID); err != nil {
		return nil, err
	}
	return api.ForgetDevice204Response{}, nil
}

// RevokeSessions implements the API.
func (s *server) RevokeSessions(ctx context.Context, r api.RevokeSessionsRequestObject) (api.RevokeSessionsResponseObject, error) {
	if err := s.signin.Account.RevokeSessions(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.UserID); err != nil {
		return nil, err
	}
	return api.RevokeSessions204Response{}, nil
}
