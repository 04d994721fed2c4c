package controlplane

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/fault"
)

// OperatorAccount is a person who operates the platform, without what the
// person signs in with.
type OperatorAccount struct {
	ID          uuid.UUID
	Email       string
	Role        Role // one of PeopleRoles
	CreatedAt   time.Time
	LastLoginAt time.Time // zero: never
	LockedUntil time.Time // zero, or past: not locked
	RevokedAt   time.Time // whoever signed in before has to sign in again; zero: never
	DisabledAt  time.Time // zero: not disabled
}

// NewOperatorAccount returns an account that may sign in, or a fault (invalid).
func NewOperatorAccount(email string, role Role) (OperatorAccount, error) {
	a := OperatorAccount{ID: uuid.Must(uuid.NewV7()), Email: NormalEmail(email), Role: role}
	switch {
	case !deliverable(a.Email):
		return a, fault.New(fault.Invalid, "not an e-mail address").At("/email", "use the form name@example.org")
	case !role.AtLeast(RoleViewer):
		return a, fault.New(fault.Invalid, "no such role for a person").At("/role", "use viewer, operator, admin or billing")
	}
	return a, nil
}

// NormalEmail is the form in which operators' addresses are compared.
func NormalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Subject is what tokens call the operator.
func (a OperatorAccount) Subject() string { return SubjectOfOperator(a.ID) }

// OperatorLogin is what an operator signs in with. None of it is ever logged.
type OperatorLogin struct {
	Email    string
	Password string
	Code     string // of the authenticator
}

// OperatorSecrets is what an operator's login is judged by.
type OperatorSecrets struct {
	PasswordHash string
	TOTP         []byte // the authenticator's secret, sealed with a key that the database has not
	TOTPStep     int64  // the last one whose code was used
}

// NewOperator is what a new operator, or one whose login was reset, is told once.
type NewOperator struct {
	Account  OperatorAccount
	Password string
	TOTPURI  string // for the authenticator: otpauth://totp/…
}
