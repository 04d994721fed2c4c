package cell

import (
	"time"

	"github.com/google/uuid"
)

// AuditEntry says who did what. It is written in the transaction that did it
// and never changed.
type AuditEntry struct {
	ID          uuid.UUID // zero in an entry that is to be written: a new one
	At          time.Time
	ActorKind   ActorKind
	ActorID     uuid.UUID // zero unless a user acted
	Client      string    // OAuth2 client by which the actor acted; "" if by none
	Subject     string    // of the token, if a machine client acted
	Action      string    // "<subject type>.<verb in the past>", e.g. "project.created"
	SubjectType string
	SubjectID   uuid.UUID
	RequestID   string
	Details     map[string]any // the new values of what changed; never a secret
}

// AuditFilter narrows the audit log; the zero value does not.
type AuditFilter struct {
	Actor   uuid.UUID // a user
	Action  string
	Subject uuid.UUID
	Since   time.Time // from then on
	Until   time.Time // before then
}
