package cell

import "slices"

// Role is what a user may do within the tenant: the name of a built-in role, or
// the id of one that the tenant made (see CustomRole).
type Role string

// The built-in roles, from most to least rights.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
	Viewer Role = "viewer"
)

// Permission names a right. Every operation of the API needs exactly one.
type Permission string

// What operations declare that need no permission of their own.
const (
	Public Permission = "public" // no credential at all
	Anyone Permission = "any"    // any valid credential of the tenant
)

// The permissions.
const (
	OrganizationRead  Permission = "organization:read"
	OrganizationWrite Permission = "organization:write"
	UsersRead         Permission = "users:read"
	UsersWrite        Permission = "users:write"
	RolesRead         Permission = "roles:read"
	RolesWrite        Permission = "roles:write"
	WorkspacesRead    Permission = "workspaces:read"
	WorkspacesWrite   Permission = "workspaces:write"
	ProjectsRead      Permission = "projects:read"
	ProjectsWrite     Permission = "projects:write"
	AuditRead         Permission = "audit:read"
	JobsRead          Permission = "jobs:read"
	UsageRead         Permission = "usage:read"
	WebhooksRead      Permission = "webhooks:read"
	WebhooksWrite     Permission = "webhooks:write"
	JobsWrite         Permission = "jobs:write"
	ExportsWrite      Permission = "exports:write" // also: to load what was exported
	ReportsWrite      Permission = "reports:write"
	SchedulesRead     Permission = "schedules:read"
	SchedulesWrite    Permission = "schedules:write"
	BillingRead       Permission = "billing:read"
	BillingWrite      Permission = "billing:write"
)

var viewing = []Permission{OrganizationRead, UsersRead, RolesRead, WorkspacesRead, ProjectsRead}

var working = append(slices.Clone(viewing), ProjectsWrite, JobsRead, ReportsWrite, SchedulesRead)

var administering = append(slices.Clone(working), JobsWrite, SchedulesWrite, WorkspacesWrite, UsersWrite, RolesWrite, ExportsWrite, AuditRead, UsageRead, WebhooksRead, WebhooksWrite,
	BillingRead, BillingWrite)

// granted is the one table of who may do what.
var granted = map[Role][]Permission{
	Viewer: viewing,
	Member: working,
	Admin:  administering,
	Owner:  append(slices.Clone(administering), OrganizationWrite),
}

// Permissions returns every permission of this version.
func Permissions() []Permission { return slices.Sorted(slices.Values(granted[Owner])) }

// Known reports whether p is a permission of this version.
func (p Permission) Known() bool { return slices.Contains(granted[Owner], p) }

// BuiltIn reports whether every tenant has the role.
func (r Role) BuiltIn() bool { return granted[r] != nil }

// Grant returns a built-in role with its permissions, or a role that the tenant
// made with those that are stored of it. A role that is neither allows nothing.
func (r Role) Grant(stored []Permission) Grant {
	if r.BuiltIn() {
		stored = granted[r]
	}
	return Grant{Role: r, Permissions: stored}
}

// Grant is a role and what it allows.
type Grant struct {
	Role        Role
	Permissions []Permission
}

// Has reports whether the role includes the permission. Stored permissions that
// this version does not know say nothing.
func (g Grant) Has(p Permission) bool { return p.Known() && slices.Contains(g.Permissions, p) }

// Covers reports whether the role includes every right of the other.
func (g Grant) Covers(other Grant) bool {
	return !slices.ContainsFunc(other.Permissions, func(p Permission) bool { return p.Known() && !g.Has(p) })
}

// MayManage reports whether one with this role may give, take or change a user
// of the other role: nobody gives or takes more rights than it has, and only
// owners manage owners.
func (g Grant) MayManage(other Grant) bool {
	if other.Role == Owner {
		return g.Role == Owner
	}
	return g.Has(UsersWrite) && g.Covers(other)
}
