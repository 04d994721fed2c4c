package cellclient

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// signinPath is a path below a tenant's; the cell refuses if it is behind the
// epoch, unless that is 0.
func signinPath(id tenancy.ID, epoch uint64, rest string) string {
	path := tenantPath(id) + rest
	if epoch > 0 {
		path += "?epoch=" + strconv.FormatUint(epoch, 10)
	}
	return path
}

// withQuery adds to a path that may have a query.
func withQuery(path, query string) string {
	if strings.Contains(path, "?") {
		return path + "&" + query
	}
	return path + "?" + query
}

func userPath(id tenancy.ID, epoch uint64, user uuid.UUID, rest string) string {
	return signinPath(id, epoch, "/users/"+user.String()+rest)
}

type stepJSON struct {
	UserID uuid.UUID `json:"user_id"`
	Code   string    `json:"code"`
}

type codeJSON struct {
	Code string `json:"code"`
}

type userJSON struct {
	UserID uuid.UUID `json:"user_id"`
}

type partyJSON struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Origin string `json:"origin"`
}

type optionsJSON struct {
	Options json.RawMessage `json:"options"`
}

// VerifyLogin has the cell judge a password. A refused one is a verdict, not an
// error.
func (c *Client) VerifyLogin(ctx context.Context, cell string, id tenancy.ID, epoch uint64, a controlplane.LoginAttempt) (controlplane.LoginVerdict, error) {
	in := struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Device   string `json:"device,omitempty"`
	}{a.Email, a.Password, a.Device}
	var out struct {
		Result        string    `json:"result"`
		UserID        uuid.UUID `json:"user_id"`
		EmailVerified bool      `json:"email_verified"`
		SecondStep    bool      `json:"second_step"`
		Methods       []string  `json:"methods"`
		Roles         []string  `json:"roles"`
	}
	err := c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/logins/verify"), in, &out)
	if err != nil || out.Result != "ok" {
		return controlplane.LoginVerdict{}, err
	}
	return controlplane.LoginVerdict{
		OK: true, UserID: out.UserID, EmailVerified: out.EmailVerified, SecondStep: out.SecondStep, Methods: out.Methods, Roles: out.Roles,
	}, nil
}

// VerifyTOTP completes a login. Unauthenticated: the code is wrong, was used, or
// the account is locked.
func (c *Client) VerifyTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, code string) error {
	return c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/logins/totp"), stepJSON{user, code}, nil)
}

// VerifyRecoveryCode is VerifyTOTP for a code that was written down.
func (c *Client) VerifyRecoveryCode(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, code string) error {
	return c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/logins/recovery"), stepJSON{user, code}, nil)
}

// BeginPasskeyLogin returns what navigator.credentials.get() is called with.
func (c *Client) BeginPasskeyLogin(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty) (json.RawMessage, error) {
	in := struct {
		UserID uuid.UUID `json:"user_id"`
		Party  partyJSON `json:"relying_party"`
	}{user, partyJSON(rp)}
	var out optionsJSON
	err := c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/logins/passkey/begin"), in, &out)
	return out.Options, err
}

// FinishPasskeyLogin completes a login by what that answered. Unauthenticated: it
// is not right, or the account is locked.
func (c *Client) FinishPasskeyLogin(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty, answer json.RawMessage) error {
	in := struct {
		UserID uuid.UUID       `json:"user_id"`
		Party  partyJSON       `json:"relying_party"`
		Answer json.RawMessage `json:"answer"`
	}{user, partyJSON(rp), answer}
	return c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/logins/passkey/finish"), in, nil)
}

// ForgotPassword has a mail sent to the address if a user has it. Nothing says
// whether one has.
func (c *Client) ForgotPassword(ctx context.Context, cell string, id tenancy.ID, epoch uint64, email string) error {
	in := struct {
		Email string `json:"email"`
	}{email}
	return c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/passwords/forgot"), in, nil)
}

// ResetPassword sets a password by a code that was mailed, and returns whose it
// is. NotFound: no such code. Invalid: the password cannot be used.
func (c *Client) ResetPassword(ctx context.Context, cell string, id tenancy.ID, epoch uint64, code, password string) (uuid.UUID, error) {
	in := struct {
		Code     string `json:"code"`
		Password string `json:"password"`
	}{code, password}
	var out userJSON
	err := c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/passwords/reset"), in, &out)
	return out.UserID, err
}

// VerifyEmail proves an address by a code that was mailed, and returns whose it
// is. NotFound: no such code.
func (c *Client) VerifyEmail(ctx context.Context, cell string, id tenancy.ID, epoch uint64, code string) (uuid.UUID, error) {
	var out userJSON
	err := c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/emails/verify"), codeJSON{code}, &out)
	return out.UserID, err
}

// AcceptInvitation makes the user that an invitation is for. NotFound, gone: it
// was used or revoked, or is over.
func (c *Client) AcceptInvitation(ctx context.Context, cell string, id tenancy.ID, epoch uint64, code, name, password string) (uuid.UUID, error) {
	in := struct {
		Code     string `json:"code"`
		Name     string `json:"name"`
		Password string `json:"password"`
	}{code, name, password}
	var out userJSON
	err := c.once(ctx, cell, http.MethodPost, signinPath(id, epoch, "/invitations/accept"), in, &out)
	return out.UserID, err
}

// Standing returns what counts of a user now, and how a session of the user ended,
// if one is named. NotFound: there is no such user.
func (c *Client) Standing(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user, session uuid.UUID) (controlplane.UserStanding, error) {
	var out struct {
		Active            bool                    `json:"active"`
		EmailVerified     bool                    `json:"email_verified"`
		Roles             []string                `json:"roles"`
		SessionsRevokedAt time.Time               `json:"sessions_revoked_at"`
		Session           controlplane.SessionEnd `json:"session"`
	}
	path := userPath(id, epoch, user, "/standing")
	if session != uuid.Nil {
		path = withQuery(path, "session="+session.String())
	}
	err := c.call(ctx, callTimeout, cell, http.MethodGet, path, nil, &out)
	return controlplane.UserStanding(out), err
}
