package cell

import (
	"time"

	"github.com/google/uuid"
)

// WorkspaceMember is a user who works in a workspace. Membership says who belongs
// together; what somebody may do is its role's matter, in all workspaces alike.
type WorkspaceMember struct {
	UserID uuid.UUID
	Name   string
	Email  string
	Since  time.Time
}
