package cell

import (
	"time"

	"github.com/google/uuid"
)

// MaxSessions bounds the sessions of one user: a new one ends the oldest.
const MaxSessions = 50

// EndedSessionKept is how long it is known that somebody ended a session: for
// longer than a refresh token lives that is not used (30 days), since one that is
// used is refused.
const EndedSessionKept = 31 * day

// SessionEnd is how somebody ended a session. One whose time was over by itself
// was not ended.
type SessionEnd string

// The ends of a session.
const (
	SessionNotEnded  SessionEnd = ""
	SessionRevoked   SessionEnd = "revoked"    // from elsewhere: who was in it is to have nothing of it
	SessionSignedOut SessionEnd = "signed_out" // by who was in it
)

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
