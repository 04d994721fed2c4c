package controlplane

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// How somebody has shown who they are, as a client asks for it by acr_values and
// is told by the claim acr (OpenID Connect Core §2).
const (
	ACRPassword = "urn:coditect:acr:password" //nolint:gosec // a name, no credential: what one knows
	ACRTwoSteps = "urn:coditect:acr:mfa"      // and what one has, or is
)

// Ways of showing it: values of the claim amr (RFC 8176), and the names of
// methods in a [LoginVerdict].
const (
	AMRPassword = "pwd"
	AMRTOTP     = "otp"
	AMRRecovery = "kba"
	AMRPasskey  = "hwk"
	AMRTwoSteps = "mfa"
	AMRDevice   = "device" // ours: a remembered one stood for the second step
)

// TenantRef is a tenant that somebody can sign in to, and as which of its users.
type TenantRef struct {
	TenantID tenancy.ID
	UserID   uuid.UUID
}

// OAuthClient is an application that has people signed in.
type OAuthClient struct {
	ID         string
	Name       string
	FirstParty bool // ours: nobody is asked for consent
	LogoURI    string
	Audience   []string
}

// LoginContext is what a login tells the consent that follows it.
type LoginContext struct {
	TenantID tenancy.ID `json:"tenant_id"` // zero for an operator
	UserID   uuid.UUID  `json:"user_id"`
	Session  uuid.UUID  `json:"session,omitzero"` // of the browser, in the cell; zero for an operator
}

// LoginRequest is an application's wish to know who is there, as the
// authorization server passes it on.
type LoginRequest struct {
	Challenge       string
	Skip            bool   // the server knows who it is; Subject says who
	Subject         string // see SubjectOfUser, SubjectOfOperator
	SessionID       string // of the server's session: with Skip the one that it remembers, else the one that this login begins
	Client          OAuthClient
	RequestedScopes []string
	ACR             []string // acr_values, the best one first
	LoginHint       string   // login_hint: an e-mail address
	TenantHint      string   // slug: of the request's parameter tenant, or of the client
	Operators       bool     // the client is for operators, not for tenants' users
	RequestURL      string   // what began it, at the authorization server
}

// WantsTwoSteps reports whether the application asks for a second step.
func (r LoginRequest) WantsTwoSteps() bool {
	for _, acr := range r.ACR {
		if acr == ACRTwoSteps {
			return true
		}
	}
	return false
}

// AcceptedLogin says who it is.
type AcceptedLogin struct {
	Subject     string
	Remember    bool
	RememberFor time.Duration // 0 with Remember: as long as the browser is open
	ACR         string
	AMR         []string
	Context     LoginContext
}

// ConsentRequest is what an application wants to be allowed.
type ConsentRequest struct {
	Challenge string
	Skip      bool // it was allowed before
	Subject   string
	Client    OAuthClient
	Scopes    []string
	Audience  []string
	Context   LoginContext
}

// AcceptedConsent is what it is allowed.
type AcceptedConsent struct {
	Scopes      []string
	Audience    []string
	Remember    bool
	RememberFor time.Duration  // 0 with Remember: for ever
	Offline     bool           // it goes on when the person has signed out
	Claims      map[string]any // of the access token and the id token; the token hook adds roles
}

// Grant is what somebody has allowed an application, all in all.
type Grant struct {
	Client OAuthClient
	Scopes []string
	Since  time.Time // when it was allowed first
}

// LoginSession is what the authorization server remembers of one login, and the
// browser's session that it belongs to. The server cannot list them.
type LoginSession struct {
	ID      string // the server's; the claim sid of id tokens
	Subject string
	Session uuid.UUID // of the browser, in the cell; zero for an operator
	EndsAt  time.Time
}

// LogoutRequest is the wish to end a session at the authorization server.
type LogoutRequest struct {
	Challenge   string
	Subject     string
	SessionID   string
	RPInitiated bool // an application asks, on the person's behalf (OpenID Connect RP-Initiated Logout)
	Client      OAuthClient
}

// operatorSubject begins the subject of an operator. The subject of a tenant's
// user is the user's id: the router and the cells know no other.
const operatorSubject = "operator:"

// SubjectOfUser is what tokens call a tenant's user.
func SubjectOfUser(id uuid.UUID) string { return id.String() }

// SubjectOfOperator is what tokens call an operator.
func SubjectOfOperator(id uuid.UUID) string { return operatorSubject + id.String() }

// OperatorOf returns the operator whose subject it is.
func OperatorOf(subject string) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(subject, operatorSubject)
	if !ok {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}
