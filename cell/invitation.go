package cell

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Bounds of invitations.
const (
	InvitationLife  = 7 * 24 * time.Hour
	MaxInvitations  = 1000 // that wait in one tenant
	MaxBulk         = 100  // items of one bulk request
	invitationBytes = 32
	invitationStart = "cdi_"
)

// Invitation is a user to be: somebody who was asked by e-mail to join.
// Accepting it makes the user and ends the invitation.
type Invitation struct {
	ID        uuid.UUID
	Email     string
	Role      Role
	ExpiresAt time.Time
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// InvitationToken is what the mail carries: whoever shows it accepts the
// invitation. cdi_<invitation id as 32 hex digits>_<43 base64url characters>.
type InvitationToken string

// NewInvitationToken makes a token of the invitation.
func NewInvitationToken(id uuid.UUID) InvitationToken {
	secret := make([]byte, invitationBytes)
	_, _ = rand.Read(secret) // never fails
	return InvitationToken(invitationStart + hex.EncodeToString(id[:]) + "_" + base64.RawURLEncoding.EncodeToString(secret))
}

// Invitation returns which invitation the token is of, if it has the form of one.
func (t InvitationToken) Invitation() (uuid.UUID, bool) {
	rest, ok := strings.CutPrefix(string(t), invitationStart)
	digits, secret, cut := strings.Cut(rest, "_")
	id, err := hex.DecodeString(digits)
	if !ok || !cut || err != nil || len(id) != len(uuid.UUID{}) || len(secret) != base64.RawURLEncoding.EncodedLen(invitationBytes) {
		return uuid.Nil, false
	}
	return uuid.UUID(id), true
}

// Hash is what the cell stores of a token: its SHA-256.
func (t InvitationToken) Hash() []byte {
	sum := sha256.Sum256([]byte(t))
	return sum[:]
}
