package cell

import (
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
