package cell

import "github.com/google/uuid"

// Lookup is one read of several that share a snapshot: rows by their ids, a page
// of a list, or a page of the list of each of several parents. It needs a
// permission of its own; whoever lacks it is refused this lookup alone.
type Lookup interface{ lookup() }

// LookupOf is what lookups of rows of one type have in common. Without IDs and
// Of it is for a page of all rows.
type LookupOf[T any] struct {
	Permission Permission
	IDs        []uuid.UUID // only the rows with these ids; what is not there is left out
	Of         []uuid.UUID // a page of each of these parents' lists
	Page       PageRequest

	Rows    []T                 // what was found: of a page up to one more than its limit, see PageOf
	Parents []uuid.UUID         // likewise, whose each row is; nil without Of
	Refused map[uuid.UUID]error // whose lists the caller may not see, although it may see others'
	Err     error               // why nothing was found
}

func (l *LookupOf[T]) lookup() {}

// Common returns what all lookups of the type have.
func (l *LookupOf[T]) Common() *LookupOf[T] { return l }

// Lookups by what they look for. Their filters narrow lists, not rows by ids.
type (
	OrganizationLookup struct{ LookupOf[Organization] }
	UserLookup         struct {
		LookupOf[User]
		Filter UserFilter
	}
	SessionLookup    struct{ LookupOf[Session] } // of users only
	KeyLookup        struct{ LookupOf[Key] }     // of users only
	InvitationLookup struct{ LookupOf[Invitation] }
	RoleLookup       struct{ LookupOf[CustomRole] }
	WorkspaceLookup  struct {
		LookupOf[Workspace]           // Of: of their members
		Member              uuid.UUID // zero: anybody's
	}
	MemberLookup  struct{ LookupOf[WorkspaceMember] } // of workspaces only
	ProjectLookup struct {
		LookupOf[Project]
		Filter ProjectFilter // Of: of workspaces
	}
	EndpointLookup struct{ LookupOf[WebhookEndpoint] }
	DeliveryLookup struct {
		LookupOf[Delivery] // of endpoints only
		Filter             DeliveryFilter
	}
	JobLookup struct {
		LookupOf[Job]
		Filter JobFilter
	}
	ScheduleLookup struct{ LookupOf[Schedule] }
	UsageLookup    struct {
		LookupOf[Usage]
		Span UsageSpan
	}
	AuditLookup struct {
		LookupOf[AuditEntry]
		Filter AuditFilter
	}
)
