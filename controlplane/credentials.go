package controlplane

import (
	"time"

	"github.com/google/uuid"
)

// LoginAttempt is somebody who says who they are. None of it is ever logged.
type LoginAttempt struct {
	Email    string
	Password string
	Device   string // secret of a remembered device; "": none
}

// LoginVerdict is a cell's answer to a LoginAttempt. A refused one tells nothing
// but that: unknown, wrong and locked are the same, in text and in time.
type LoginVerdict struct {
	OK            bool
	UserID        uuid.UUID
	EmailVerified bool
	SecondStep    bool     // wanted before anything else: one is set up, and the device is not remembered
	Methods       []string // set up: AMRTOTP, AMRRecovery, AMRPasskey
	Roles         []string
}

// UserStanding is what counts of a user at this moment.
type UserStanding struct {
	Active            bool
	EmailVerified     bool
	Roles             []string
	SessionsRevokedAt time.Time  // zero: never; who signed in before that has to do so again
	Session           SessionEnd // of the session that was asked about
}

// SessionEnd is how somebody ended a session. One that ended by itself, when its
// time was over, was not ended.
type SessionEnd string

// The ends of a session.
const (
	SessionNotEnded  SessionEnd = ""
	SessionRevoked   SessionEnd = "revoked"    // from elsewhere: who was in it is to have nothing of it
	SessionSignedOut SessionEnd = "signed_out" // by who was in it
)

// TOTPEnrolment is a second step that waits for its first code.
type TOTPEnrolment struct {
	URI    string // otpauth://totp/…, for a QR code
	Secret string // base32, for those who type it
}

// RelyingParty is whom a passkey is for (WebAuthn §4): the site that asks.
type RelyingParty struct {
	ID     string // its domain
	Name   string // for people
	Origin string // scheme, host and port
}

// AccountSecurity is what users see of how they sign in.
type AccountSecurity struct {
	Name          string
	Email         string
	EmailVerified bool
	Password      bool // one is set
	TOTP          bool
	RecoveryCodes int // that are left
	Passkeys      []Passkey
	Devices       []Device
}

// Passkey is a WebAuthn credential.
type Passkey struct {
	ID         string // base64url
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
}

// Device is a browser for which the second step is left out.
type Device struct {
	ID         uuid.UUID
	Name       string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt time.Time
}

// UserSession is a browser in which a user has signed in.
type UserSession struct {
	ID        uuid.UUID
	Address   string // where it was begun
	UserAgent string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// SessionBegun is a session and the secret that opens it, told this once.
type SessionBegun struct {
	ID     uuid.UUID
	Secret string
}

// SessionOf is whose a session is.
type SessionOf struct {
	ID     uuid.UUID
	UserID uuid.UUID
	Name   string
	Email  string
}
