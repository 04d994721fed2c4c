package cell

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Bounds of signing in.
const (
	MaxFailures   = 10               // in a row; then the account is locked
	LockOut       = 15 * time.Minute // from the last of them on
	AttemptLife   = 24 * time.Hour   // how long failures are remembered
	RecoveryCodes = 10               // that a user gets at once
	MaxPasskeys   = 20               // of one user
	MaxDevices    = 20               // of one user; a new one ends the oldest
	DeviceLife    = 30 * 24 * time.Hour
	ChallengeLife = 5 * time.Minute
	ResetLife     = time.Hour
	VerifyLife    = 7 * 24 * time.Hour
	MaxCodes      = 5 // of one user and purpose that are good at a time: the newest
)

// Method is a way to show who one is, as tokens name it (RFC 8176).
type Method string

// The methods.
const (
	ByPassword Method = "pwd"
	ByTOTP     Method = "otp"
	ByRecovery Method = "kba" // a code that was written down
	ByPasskey  Method = "hwk"
)

// SignIn is what a user has to show, and what is known once it was shown.
type SignIn struct {
	UserID        uuid.UUID
	Role          Role
	Active        bool
	EmailVerified bool
	PasswordHash  string // secret; "": none is set
	TOTP          bool
	RecoveryCodes int
	Passkeys      int
	Device        uuid.UUID // the remembered one that was shown; zero: none
}

// SecondSteps returns the methods that the user has set up for a second step;
// none: it needs none. Recovery codes only stand in for another one.
func (s SignIn) SecondSteps() []Method {
	var methods []Method
	if s.TOTP {
		methods = append(methods, ByTOTP)
	}
	if s.Passkeys > 0 {
		methods = append(methods, ByPasskey)
	}
	if len(methods) > 0 && s.RecoveryCodes > 0 {
		methods = append(methods, ByRecovery)
	}
	return slices.Clip(methods)
}

// LoginAttempt is somebody who says who they are. All of it is secret.
type LoginAttempt struct {
	Email    string
	Password string
	Device   Secret // of a remembered device; "": none
}

// LoginVerdict says whether they are. A refused one says nothing else.
type LoginVerdict struct {
	OK            bool
	UserID        uuid.UUID
	Role          Role
	EmailVerified bool
	SecondStep    bool // has still to be shown
	Methods       []Method
}

// Standing is what counts of a user at this moment.
type Standing struct {
	Active            bool
	EmailVerified     bool
	Role              Role
	SessionsRevokedAt time.Time  // zero: never; who signed in before has to do so again
	Session           SessionEnd // of the session that was asked about
}

// Factors are the secrets of a user's second steps.
type Factors struct {
	PasswordHash string
	TOTP         []byte // nil: none
	PendingTOTP  []byte // nil: none
	Step         int64  // the newest that was used
	Passkeys     []Passkey
	Person       Person
}

// Person is how a user is known.
type Person struct {
	Name, Email, Organization string
}

// Passkey is a WebAuthn credential.
type Passkey struct {
	ID         []byte
	Name       string
	Record     json.RawMessage // WebAuthn's credential record
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

// Device is a browser for which the second step is left out.
type Device struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	Name       string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time // zero: never
}

// Security is what users see of how they sign in.
type Security struct {
	Person        Person
	EmailVerified bool
	Password      bool // one is set
	TOTP          bool
	RecoveryCodes int // that are left
	Passkeys      []Passkey
	Devices       []Device
}

// Purpose is what a code that works once is for.
type Purpose string

// The purposes.
const (
	VerifyAddress Purpose = "verify_email"
	ResetPassword Purpose = "reset_password"
	AddPasskey    Purpose = "add_passkey"
	UsePasskey    Purpose = "use_passkey"
)

// OneTimeCode is what is kept of a code.
type OneTimeCode struct {
	Purpose   Purpose
	Hash      []byte
	UserID    uuid.UUID
	Details   json.RawMessage // of a challenge
	ExpiresAt time.Time
}

// UserSet says how often the set of a tenant's users who may sign in has changed.
type UserSet struct {
	Tenant    tenancy.ID
	Epoch     uint64
	Version   int64
	ChangedAt time.Time
}

// Address is the e-mail address of a user who may sign in.
type Address struct {
	UserID uuid.UUID
	Email  string
}
