package graph

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// field reads a field's arguments and returns how it is read with them.
type field func(a *args) ask

// kind is what reading rows of one type needs to know of it.
type kind[T any, N node] struct {
	id   func(T) uuid.UUID
	wrap func(T) N
}

var (
	organizations = kind[cell.Organization, *Organization]{wrap: func(o cell.Organization) *Organization { return &Organization{o, loaded{}} }}
	users         = kind[cell.User, *User]{func(u cell.User) uuid.UUID { return u.ID }, func(u cell.User) *User { return &User{u, loaded{}} }}
	sessions      = kind[cell.Session, *Session]{wrap: func(s cell.Session) *Session { return &Session{s, loaded{}} }}
	keys          = kind[cell.Key, *Key]{wrap: func(k cell.Key) *Key { return &Key{k, loaded{}} }}
	invitations   = kind[cell.Invitation, *Invitation]{func(i cell.Invitation) uuid.UUID { return i.ID }, func(i cell.Invitation) *Invitation { return &Invitation{i, loaded{}} }}
	roles         = kind[cell.CustomRole, *Role]{func(r cell.CustomRole) uuid.UUID { return r.ID }, func(r cell.CustomRole) *Role { return &Role{r, loaded{}} }}
	workspaces    = kind[cell.Workspace, *Workspace]{func(w cell.Workspace) uuid.UUID { return w.ID }, func(w cell.Workspace) *Workspace { return &Workspace{w, loaded{}} }}
	members       = kind[cell.WorkspaceMember, *Member]{func(m cell.WorkspaceMember) uuid.UUID { return m.UserID }, func(m cell.WorkspaceMember) *Member { return &Member{m, loaded{}} }}
	projects      = kind[cell.Project, *Project]{func(p cell.Project) uuid.UUID { return p.ID }, func(p cell.Project) *Project { return &Project{p, loaded{}} }}
	endpoints     = kind[cell.WebhookEndpoint, *Endpoint]{func(e cell.WebhookEndpoint) uuid.UUID { return e.ID }, func(e cell.WebhookEndpoint) *Endpoint { return &Endpoint{e, loaded{}} }}
	deliveries    = kind[cell.Delivery, *Delivery]{func(d cell.Delivery) uuid.UUID { return d.EventID }, func(d cell.Delivery) *Delivery { return &Delivery{d, loaded{}} }}
	jobs          = kind[cell.Job, *Job]{func(j cell.Job) uuid.UUID { return j.ID }, func(j cell.Job) *Job { return &Job{j, loaded{}} }}
	schedules     = kind[cell.Schedule, *Schedule]{func(s cell.Schedule) uuid.UUID { return s.ID }, func(s cell.Schedule) *Schedule { return &Schedule{s, loaded{}} }}
	usages        = kind[cell.Usage, *Usage]{wrap: func(u cell.Usage) *Usage { return &Usage{u, loaded{}} }}
	entries       = kind[cell.AuditEntry, *AuditEntry]{func(e cell.AuditEntry) uuid.UUID { return e.ID }, func(e cell.AuditEntry) *AuditEntry { return &AuditEntry{e, loaded{}} }}
)

// fields is the one table of how each field with @needs is read. The names of
// lists are those that the cursors of the REST API are made for.
var fields = map[string]field{
	"Query.me":               readMe,
	"Query.organization":     the(organizations, func(*args) lookupOf[cell.Organization] { return &cell.OrganizationLookup{} }),
	"Query.user":             one(users, lookUpUsers),
	"Query.users":            page(users, "users", lookUpUsers),
	"Query.sessions":         all(sessions, cell.MaxSessions, named("userId"), lookUpSessions),
	"Query.apiKeys":          all(keys, cell.MaxKeys, named("userId"), lookUpKeys),
	"Query.invitation":       one(invitations, lookUpInvitations),
	"Query.invitations":      page(invitations, "invitations", lookUpInvitations),
	"Query.role":             one(roles, lookUpRoles),
	"Query.roles":            page(roles, "roles", lookUpRoles),
	"Query.workspace":        one(workspaces, lookUpWorkspaces),
	"Query.workspaces":       page(workspaces, "workspaces", lookUpWorkspaces),
	"Query.project":          one(projects, lookUpProjects),
	"Query.projects":         page(projects, "projects", lookUpProjects),
	"Query.webhookEndpoint":  one(endpoints, lookUpEndpoints),
	"Query.webhookEndpoints": all(endpoints, cell.MaxWebhookEndpoints, nil, lookUpEndpoints),
	"Query.job":              one(jobs, lookUpJobs),
	"Query.jobs":             page(jobs, "jobs", lookUpJobs),
	"Query.schedule":         one(schedules, lookUpSchedules),
	"Query.schedules":        page(schedules, "schedules", lookUpSchedules),
	"Query.usage":            all(usages, 0, nil, lookUpUsage),
	"Query.auditLog":         page(entries, "audit", lookUpAudit),

	"User.workspaces":            pages(workspaces, plainly("workspaces"), (*User).key, lookUpWorkspaces),
	"User.sessions":              all(sessions, cell.MaxSessions, its((*User).key), lookUpSessions),
	"User.apiKeys":               all(keys, cell.MaxKeys, its((*User).key), lookUpKeys),
	"Workspace.members":          pages(members, func(of uuid.UUID) string { return "members:" + of.String() }, (*Workspace).key, lookUpMembers),
	"Workspace.projects":         pages(projects, plainly("projects"), (*Workspace).key, lookUpProjects),
	"Member.user":                ref(users, func(m *Member) uuid.UUID { return m.UserID }, lookUpUsers),
	"Project.workspace":          ref(workspaces, func(p *Project) uuid.UUID { return p.WorkspaceID }, lookUpWorkspaces),
	"WebhookEndpoint.deliveries": pages(deliveries, func(of uuid.UUID) string { return "deliveries:" + of.String() }, (*Endpoint).key, lookUpDeliveries),
	"AuditEntry.actor":           ref(users, func(e *AuditEntry) uuid.UUID { return e.ActorID }, lookUpUsers),
}

func (u *User) key() uuid.UUID      { return u.ID }
func (w *Workspace) key() uuid.UUID { return w.ID }
func (e *Endpoint) key() uuid.UUID  { return e.ID }

// plainly names a list that has one name, whoever's it is.
func plainly(name string) func(uuid.UUID) string { return func(uuid.UUID) string { return name } }

func lookUpUsers(a *args) lookupOf[cell.User] {
	return &cell.UserLookup{Filter: cell.UserFilter{Text: a.text("q"), Status: cell.UserStatus(a.text("status"))}}
}

func lookUpSessions(*args) lookupOf[cell.Session] { return &cell.SessionLookup{} }

func lookUpKeys(*args) lookupOf[cell.Key] { return &cell.KeyLookup{} }

func lookUpInvitations(*args) lookupOf[cell.Invitation] { return &cell.InvitationLookup{} }

func lookUpRoles(*args) lookupOf[cell.CustomRole] { return &cell.RoleLookup{} }

func lookUpWorkspaces(a *args) lookupOf[cell.Workspace] {
	return &cell.WorkspaceLookup{Member: a.id("memberId")}
}

func lookUpMembers(*args) lookupOf[cell.WorkspaceMember] { return &cell.MemberLookup{} }

func lookUpProjects(a *args) lookupOf[cell.Project] {
	return &cell.ProjectLookup{Filter: cell.ProjectFilter{
		WorkspaceID: a.id("workspaceId"), Status: cell.ProjectStatus(a.text("status")), Tag: a.text("tag"), Terms: cell.QueryTerms(a.text("q")),
	}}
}

func lookUpEndpoints(*args) lookupOf[cell.WebhookEndpoint] { return &cell.EndpointLookup{} }

func lookUpDeliveries(a *args) lookupOf[cell.Delivery] {
	return &cell.DeliveryLookup{Filter: cell.DeliveryFilter{State: cell.DeliveryState(a.text("state"))}}
}

func lookUpJobs(a *args) lookupOf[cell.Job] {
	return &cell.JobLookup{Filter: cell.JobFilter{State: cell.JobState(a.text("state")), Kind: cell.JobKind(a.text("kind"))}}
}

func lookUpSchedules(*args) lookupOf[cell.Schedule] { return &cell.ScheduleLookup{} }

func lookUpUsage(a *args) lookupOf[cell.Usage] {
	span, err := a.span(cell.UsageSpan{From: a.day("from"), To: a.day("to")})
	if err != nil {
		a.refuse("from", "is a day up to a year before to")
	}
	return &cell.UsageLookup{Span: span}
}

func lookUpAudit(a *args) lookupOf[cell.AuditEntry] {
	return &cell.AuditLookup{Filter: cell.AuditFilter{
		Actor: a.id("actor"), Subject: a.id("subject"), Action: a.text("action"), Since: a.time("since"), Until: a.time("until"),
	}}
}
