package cell

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Event is one change of a tenant as its followers see it: an audit entry at
// its place in the tenant's chain. Places are 1, 2, 3 … in the order in which
// they became visible, and move with the tenant.
type Event struct {
	Seq         int64
	At          time.Time
	Action      string
	SubjectType string
	SubjectID   uuid.UUID
	ActorKind   ActorKind
	ActorID     uuid.UUID       // zero unless a user acted
	Details     json.RawMessage // the new values of what changed
}

// eventNeeds is the right without which a change of a subject is not shown.
var eventNeeds = map[string]Permission{
	"organization": OrganizationRead, "user": UsersRead, "workspace": WorkspacesRead, "project": ProjectsRead, "job": JobsRead,
	"api_key": UsersWrite,
}

// Sees reports whether the actor may see the event: whoever may read what
// changed, and of everything else only who may read the audit log.
func (a Actor) Sees(e Event) bool {
	need, known := eventNeeds[e.SubjectType]
	if !known {
		need = AuditRead
	}
	return a.Has(need)
}

// EventPage is what a follower finds behind a place.
type EventPage struct {
	Events  []Event
	Actor   Actor // who follows, with the rights of now
	Head    int64 // the last place that is taken; 0: none
	Horizon int64 // the last place whose event may be gone; 0: none
}
