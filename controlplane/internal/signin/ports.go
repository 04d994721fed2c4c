package signin

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// The interfaces are the package's own so that tests can play the authorization
// server and the cells, failures included. Faults: not_found for what is unknown
// or over, conflict for what was used, unavailable.

// Flows is the authorization server.
type Flows interface {
	LoginFlow
	ConsentFlow
	LogoutFlow
	Grants
}

// LoginFlow answers who somebody is.
type LoginFlow interface {
	Login(ctx context.Context, challenge string) (controlplane.LoginRequest, error)
	AcceptLogin(ctx context.Context, challenge string, l controlplane.AcceptedLogin) (redirect string, err error)
	RejectLogin(ctx context.Context, challenge, code, reason string) (redirect string, err error)
	// EndSession ends what the server remembers of one login.
	EndSession(ctx context.Context, sessionID string) error
}

// ConsentFlow answers what an application is allowed.
type ConsentFlow interface {
	Consent(ctx context.Context, challenge string) (controlplane.ConsentRequest, error)
	AcceptConsent(ctx context.Context, challenge string, c controlplane.AcceptedConsent) (redirect string, err error)
	RejectConsent(ctx context.Context, challenge, code, reason string) (redirect string, err error)
}

// Grants is what people have allowed others' applications.
type Grants interface {
	GrantsOf(ctx context.Context, subject string) ([]controlplane.Grant, error)
	// WithdrawGrant takes back all that somebody has allowed one application:
	// consents, refresh tokens.
	WithdrawGrant(ctx context.Context, subject, client string) error
}

// LogoutFlow ends sessions; applications are told by the server.
type LogoutFlow interface {
	Logout(ctx context.Context, challenge string) (controlplane.LogoutRequest, error)
	AcceptLogout(ctx context.Context, challenge string) (redirect string, err error)
	RejectLogout(ctx context.Context, challenge string) error
	// RevokeSubject ends all that the server has given to somebody: sessions,
	// refresh tokens.
	RevokeSubject(ctx context.Context, subject string) error
}

// Logins knows which of the server's sessions somebody has. The server tells
// applications of the end of a session that is named, and of no other.
type Logins interface {
	NoteLogin(ctx context.Context, l controlplane.LoginSession) error
	// LoginsOf returns those of a subject that have not ended by themselves.
	LoginsOf(ctx context.Context, subject string, now time.Time) ([]controlplane.LoginSession, error)
}

// Index knows which tenants an e-mail address may belong to. It may be a moment
// behind the cells, which decide.
type Index interface {
	TenantsOf(ctx context.Context, email string) ([]controlplane.TenantRef, error)
}

// Tenants knows where tenants live.
type Tenants interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
	List(ctx context.Context, f controlplane.TenantFilter, page controlplane.Page) ([]controlplane.Tenant, error)
}

// Cells is what is asked of tenants' cells. Refusals are faults
// (unauthenticated), codes that are over or never were, not_found or gone.
type Cells interface {
	Credentials
	Mailed
	SecondSteps
	Passkeys
	Sessions
	Account
}

// Credentials checks who somebody is.
type Credentials interface {
	VerifyLogin(ctx context.Context, cell string, id tenancy.ID, epoch uint64, a controlplane.LoginAttempt) (controlplane.LoginVerdict, error)
	VerifyTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, code string) error
	VerifyRecoveryCode(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, code string) error
	BeginPasskeyLogin(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty) (json.RawMessage, error)
	FinishPasskeyLogin(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty, answer json.RawMessage) error
}

// Mailed is what begins or ends with a code in a mail.
type Mailed interface {
	ForgotPassword(ctx context.Context, cell string, id tenancy.ID, epoch uint64, email string) error
	ResetPassword(ctx context.Context, cell string, id tenancy.ID, epoch uint64, code, password string) (uuid.UUID, error)
	SendVerification(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) error
	VerifyEmail(ctx context.Context, cell string, id tenancy.ID, epoch uint64, code string) (uuid.UUID, error)
	AcceptInvitation(ctx context.Context, cell string, id tenancy.ID, epoch uint64, code, name, password string) (uuid.UUID, error)
}

// SecondSteps sets them up and takes them away.
type SecondSteps interface {
	BeginTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) (controlplane.TOTPEnrolment, error)
	ConfirmTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, code string) (recovery []string, err error)
	RemoveTOTP(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) error
	NewRecoveryCodes(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) ([]string, error)
}

// Passkeys registers and removes them.
type Passkeys interface {
	BeginPasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty) (json.RawMessage, error)
	FinishPasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty, name string, answer json.RawMessage) error
	RemovePasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, passkey string) error
}

// Sessions are the browsers in which a user has signed in.
type Sessions interface {
	BeginSession(ctx context.Context, cell string, id tenancy.ID, user uuid.UUID, address, userAgent string, life time.Duration) (controlplane.SessionBegun, error)
	CheckSession(ctx context.Context, cell string, id tenancy.ID, secret string) (controlplane.SessionOf, error)
	ListSessions(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) ([]controlplane.UserSession, error)
	EndSession(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user, session uuid.UUID, how controlplane.SessionEnd) error
	RevokeSessions(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) error
}

// Account is how a user signs in.
type Account interface {
	Security(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID) (controlplane.AccountSecurity, error)
	ChangePassword(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, current, next string) error
	RememberDevice(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, name string) (secret string, err error)
	ForgetDevice(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user, device uuid.UUID) error
}

// Throttle says how long somebody has to wait; 0: not at all.
type Throttle interface {
	Admit(client netip.Addr) time.Duration
}
