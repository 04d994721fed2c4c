package internalapi

import (
	"context"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/credentials"
	"github.com/coditect/platform/shared/tenancy"
)

// SignIn are the use-cases of signing in.
type SignIn struct {
	Logins    credentials.Logins
	Steps     credentials.SecondSteps
	Passkeys  credentials.Passkeys
	Passwords credentials.Passwords
	Account   credentials.Account
}

// knowing is onBehalfOf by a caller who knows a generation.
func knowing(ctx context.Context, tenant tenancy.ID, epoch *api.KnownEpoch) *cell.Call {
	call := onBehalfOf(ctx, tenant)
	if epoch != nil {
		call.Epoch = *epoch
	}
	return call
}

// VerifyLogin implements the API.
func (s *server) VerifyLogin(ctx context.Context, r api.VerifyLoginRequestObject) (api.VerifyLoginResponseObject, error) {
	attempt := cell.LoginAttempt{Email: r.Body.Email, Password: r.Body.Password}
	if r.Body.Device != nil {
		attempt.Device = cell.Secret(*r.Body.Device)
	}
	v, err := s.signin.Logins.Verify(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), attempt)
	if err != nil {
		return nil, err
	}
	if !v.OK {
		return api.VerifyLogin200JSONResponse{Result: api.Refused}, nil
	}
	roles := rolesOf(v.Role)
	answer := api.VerifyLogin200JSONResponse{Result: api.Ok, UserID: &v.UserID, EmailVerified: &v.EmailVerified, SecondStep: &v.SecondStep, Roles: &roles}
	if v.Methods != nil {
		answer.Methods = &v.Methods
	}
	return answer, nil
}

func rolesOf(role cell.Role) []string { return []string{string(role)} }

// VerifyTotp implements the API.
func (s *server) VerifyTotp(ctx context.Context, r api.VerifyTotpRequestObject) (api.VerifyTotpResponseObject, error) {
	if err := s.signin.Steps.VerifyTOTP(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.Body.UserID, r.Body.Code); err != nil {
		return nil, err
	}
	return api.VerifyTotp204Response{}, nil
}

// VerifyRecoveryCode implements the API.
func (s *server) VerifyRecoveryCode(ctx context.Context, r api.VerifyRecoveryCodeRequestObject) (api.VerifyRecoveryCodeResponseObject, error) {
	if err := s.signin.Steps.VerifyRecoveryCode(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.Body.UserID, r.Body.Code); err != nil {
		return nil, err
	}
	return api.VerifyRecoveryCode204Response{}, nil
}

// ForgotPassword implements the API.
func (s *server) ForgotPassword(ctx context.Context, r api.ForgotPasswordRequestObject) (api.ForgotPasswordResponseObject, error) {
	if err := s.signin.Passwords.Forgot(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), r.Body.Email); err != nil {
		return nil, err
	}
	return api.ForgotPassword204Response{}, nil
}

// ResetPassword implements the API.
func (s *server) ResetPassword(ctx context.Context, r api.ResetPasswordRequestObject) (api.ResetPasswordResponseObject, error) {
	user, err := s.signin.Passwords.Reset(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), cell.Secret(r.Body.Code), r.Body.Password)
	if err != nil {
		return nil, err
	}
	return api.ResetPassword200JSONResponse{UserReferenceJSONResponse: api.UserReferenceJSONResponse{UserID: user}}, nil
}

// VerifyEmail implements the API.
func (s *server) VerifyEmail(ctx context.Context, r api.VerifyEmailRequestObject) (api.VerifyEmailResponseObject, error) {
	user, err := s.signin.Passwords.VerifyEmail(ctx, knowing(ctx, r.TenantID, r.Params.Epoch), cell.Secret(r.Body.Code))
	if err != nil {
		return nil, err
	}
	return api.VerifyEmail200JSONResponse{UserReferenceJSONResponse: api.UserReferenceJSONResponse{UserID: user}}, nil
}

// AcceptInvitationWithPassword implements the API.
func (s *server) AcceptInvitationWithPassword(ctx context.Context, r api.AcceptInvitationWithPasswordRequestObject) (api.AcceptInvitationWithPasswordResponseObject, error) {
	call := knowing(ctx, r.TenantID, r.Params.Epoch)
	user, err := s.signin.Passwords.AcceptInvitation(ctx, call, cell.InvitationToken(r.Body.Code), r.Body.Name, r.Body.Password)
	if err != nil {
		return nil, err
	}
	return api.AcceptInvitationWithPassword200JSONResponse{UserReferenceJSONResponse: api.UserReferenceJSONResponse{UserID: user}}, nil
}
