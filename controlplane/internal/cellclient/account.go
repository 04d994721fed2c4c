package cellclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// Security returns what a user sees of how it signs in.
func (c *Client) Security(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) (controlplane.AccountSecurity, error) {
	var out struct {
		Name          string `json:"name"`
		Email         string `json:"email"`
		EmailVerified bool   `json:"email_verified"`
		Password      bool   `json:"password"`
		TOTP          bool   `json:"totp"`
		RecoveryCodes int    `json:"recovery_codes"`
		Passkeys      []struct {
			ID         string    `json:"id"`
			Name       string    `json:"name"`
			CreatedAt  time.Time `json:"created_at"`
			LastUsedAt time.Time `json:"last_used_at"`
		} `json:"passkeys"`
		Devices []struct {
			ID         uuid.UUID `json:"id"`
			Name       string    `json:"name"`
			CreatedAt  time.Time `json:"created_at"`
			ExpiresAt  time.Time `json:"expires_at"`
			LastUsedAt time.Time `json:"last_used_at"`
		} `json:"devices"`
	}
	if err := c.call(ctx, callTimeout, cell, http.MethodGet, userPath(id, epoch, user, "/security"), nil, &out); err != nil {
		return controlplane.AccountSecurity{}, err
	}
	view := controlplane.AccountSecurity{
		Name: out.Name, Email: out.Email, EmailVerified: out.EmailVerified, Password: out.Password, TOTP: out.TOTP, RecoveryCodes: out.RecoveryCodes,
	}
	for _, k := range out.Passkeys {
		view.Passkeys = append(view.Passkeys, controlplane.Passkey(k))
	}
	for _, d := range out.Devices {
		view.Devices = append(view.Devices, controlplane.Device(d))
	}
	return view, nil
}

// ChangePassword sets a password in place of the current one ("": none is set)
// and ends the user's sessions. Unauthenticated: that is not the current one.
// Invalid: the next one cannot be used.
func (c *Client) ChangePassword(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, current, next string) error {
	in := struct {
		Current  string `json:"current,omitempty"`
		Password string `json:"password"`
	}{current, next}
	return c.once(ctx, cell, http.MethodPut, userPath(id, epoch, user, "/password"), in, nil)
}

// SendVerification has a mail sent with which the user proves its address.
func (c *Client) SendVerification(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) error {
	return c.once(ctx, cell, http.MethodPost, userPath(id, epoch, user, "/verification"), nil, nil)
}

// BeginTOTP makes a secret that counts once its first code was shown.
func (c *Client) BeginTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) (controlplane.TOTPEnrolment, error) {
	var out struct {
		URI    string `json:"uri"`
		Secret string `json:"secret"`
	}
	err := c.once(ctx, cell, http.MethodPost, userPath(id, epoch, user, "/totp"), nil, &out)
	return controlplane.TOTPEnrolment(out), err
}

type recoveryJSON struct {
	RecoveryCodes []string `json:"recovery_codes"`
}

// ConfirmTOTP shows the first code, and returns recovery codes that are told this
// once. Unauthenticated: it is not its code.
func (c *Client) ConfirmTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, code string) ([]string, error) {
	var out recoveryJSON
	err := c.once(ctx, cell, http.MethodPut, userPath(id, epoch, user, "/totp"), codeJSON{code}, &out)
	return out.RecoveryCodes, err
}

// RemoveTOTP ends the second step by an authenticator app.
func (c *Client) RemoveTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) error {
	return c.call(ctx, callTimeout, cell, http.MethodDelete, userPath(id, epoch, user, "/totp"), nil, nil)
}

// NewRecoveryCodes makes recovery codes in place of the old ones. Conflict: the
// user has no second step.
func (c *Client) NewRecoveryCodes(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) ([]string, error) {
	var out recoveryJSON
	err := c.once(ctx, cell, http.MethodPost, userPath(id, epoch, user, "/recovery-codes"), nil, &out)
	return out.RecoveryCodes, err
}

// BeginPasskey returns what navigator.credentials.create() is called with.
func (c *Client) BeginPasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty) (json.RawMessage, error) {
	in := struct {
		Party partyJSON `json:"relying_party"`
	}{partyJSON(rp)}
	var out optionsJSON
	err := c.once(ctx, cell, http.MethodPost, userPath(id, epoch, user, "/passkeys"), in, &out)
	return out.Options, err
}

// FinishPasskey keeps the passkey that that answered. Unauthenticated: the answer
// is not right.
func (c *Client) FinishPasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty, name string, answer json.RawMessage) error {
	in := struct {
		Party  partyJSON       `json:"relying_party"`
		Name   string          `json:"name"`
		Answer json.RawMessage `json:"answer"`
	}{partyJSON(rp), name, answer}
	return c.once(ctx, cell, http.MethodPut, userPath(id, epoch, user, "/passkeys"), in, nil)
}

// RemovePasskey forgets a passkey. NotFound: there is no such one.
func (c *Client) RemovePasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, passkey string) error {
	return c.call(ctx, callTimeout, cell, http.MethodDelete, userPath(id, epoch, user, "/passkeys/"+url.PathEscape(passkey)), nil, nil)
}

// RememberDevice leaves the second step out for whoever shows the secret.
func (c *Client) RememberDevice(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, name string) (string, error) {
	in := struct {
		Name string `json:"name"`
	}{name}
	var out struct {
		Secret string `json:"secret"`
	}
	err := c.once(ctx, cell, http.MethodPost, userPath(id, epoch, user, "/devices"), in, &out)
	return out.Secret, err
}

// ForgetDevice makes a device's secret worthless. NotFound: there is no such one.
func (c *Client) ForgetDevice(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user, device uuid.UUID) error {
	return c.call(ctx, callTimeout, cell, http.MethodDelete, userPath(id, epoch, user, "/devices/"+device.String()), nil, nil)
}

// RevokeSessions ends all that a user has begun.
func (c *Client) RevokeSessions(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) error {
	return c.call(ctx, callTimeout, cell, http.MethodPost, userPath(id, epoch, user, "/revocation"), nil, nil)
}
