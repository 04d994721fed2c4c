package cell

import "slices"

// Role is what a user may do within the tenant.
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

// The permissions.
const (
	OrganizationRead  Permission = "organization:read"
	OrganizationWrite Permission = "organization:write"
	UsersRead         Permission = "users:read"
	UsersWrite        Permission = "users:write"
	WorkspacesRead    Permission = "workspaces:read"
	WorkspacesWrite   Permission = "workspaces:write"
	ProjectsRead      Permission = "projects:read"
	ProjectsWrite     Permission = "projects:write"
	AuditRead         Permission = "audit:read"
	JobsRead          Permission = "jobs:read"
)

var viewing = []Permission{OrganizationRead, UsersRead, WorkspacesRead, ProjectsRead}

// granted is the one table of who may do what.
var granted = map[Role][]Permission{
	Viewer: viewing,
	Member: append(slices.Clone(viewing), ProjectsWrite, JobsRead),
	Admin:  append(slices.Clone(viewing), ProjectsWrite, JobsRead, WorkspacesWrite, UsersWrite, AuditRead),
	Owner:  append(slices.Clone(viewing), ProjectsWrite, JobsRead, WorkspacesWrite, UsersWrite, AuditRead, OrganizationWrite),
}

// Has reports whether the role includes the permission. A role that this
// version does not know has none.
func (r Role) Has(p Permission) bool { return slices.Contains(granted[r], p) }

// MayManage reports whether one with this role may give, take or change a user
// of the other role: only owners manage owners.
func (r Role) MayManage(other Role) bool { return r == Owner || r == Admin && other != Owner }

// Known reports whether p is a permission of this version.
func (p Permission) Known() bool { return slices.Contains(granted[Owner], p) }
