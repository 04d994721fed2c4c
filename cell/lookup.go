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

// Lookups by what they look for follow. Their filters narrow lists, not rows by ids.

// OrganizationLookup looks for the tenant's own row.
type OrganizationLookup struct{ LookupOf[Organization] }

// UserLookup looks for users.
type UserLookup struct {
	LookupOf[User]
	Filter UserFilter
}

// SessionLookup looks for the sessions of users.
type SessionLookup struct{ LookupOf[Session] }

// KeyLookup looks for the API keys of users.
type KeyLookup struct{ LookupOf[Key] }

// InvitationLookup looks for invitations.
type InvitationLookup struct{ LookupOf[Invitation] }

// RoleLookup looks for roles that the tenant made.
type RoleLookup struct{ LookupOf[CustomRole] }

// WorkspaceLookup looks for workspaces, also those of their members.
type WorkspaceLookup struct {
	LookupOf[Workspace]
	Member uuid.UUID // zero: anybody's
}

// MemberLookup looks for the members of workspaces.
type MemberLookup struct{ LookupOf[WorkspaceMember] }

// ProjectLookup looks for projects, also those of workspaces.
type ProjectLookup struct {
	LookupOf[Project]
	Filter ProjectFilter
}

// EndpointLookup looks for webhook endpoints.
type EndpointLookup struct{ LookupOf[WebhookEndpoint] }

// DeliveryLookup looks for the deliveries of webhook endpoints.
type DeliveryLookup struct {
	LookupOf[Delivery]
	Filter DeliveryFilter
}

// JobLookup looks for jobs.
type JobLookup struct {
	LookupOf[Job]
	Filter JobFilter
}

// ScheduleLookup looks for schedules.
type ScheduleLookup struct{ LookupOf[Schedule] }

// UsageLookup looks for what was used in a span of days.
type UsageLookup struct {
	LookupOf[Usage]
	Span UsageSpan
}

// AuditLookup looks for entries of the audit log.
type AuditLookup struct {
	LookupOf[AuditEntry]
	Filter AuditFilter
}
