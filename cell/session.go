package cell

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

// MaxSessions bounds the sessions of one user: a new one ends the oldest.
const MaxSessions = 50

// Session is a user's time signed in at one place. Whoever signs users in makes
// it and asks for it; the user sees it and ends it.
type Session struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Address   string // where it was begun
	UserAgent string
	ExpiresAt time.Time
	CreatedAt time.Time
}

// SessionSecret opens a session.
type SessionSecret string

const sessionSecretBytes = 32

// NewSessionSecret makes one.
func NewSessionSecret() SessionSecret {
	secret := make([]byte, sessionSecretBytes)
	_, _ = rand.Read(secret) // never fails
	return SessionSecret(base64.RawURLEncoding.EncodeToString(secret))
}

// Hash is what the cell stores of a secret: its SHA-256.
func (s SessionSecret) Hash() []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}
