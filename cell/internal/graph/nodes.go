package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// The types of the schema: a noun, and what was read below it. Fields that are
// read from further tables are methods, which take what is there already: their
// arguments, by whose names the generated code knows them, were used before.

// Me is who calls.
type Me struct{ call *cell.Call }

// TenantID is where.
func (m Me) TenantID() uuid.UUID { return uuid.UUID(m.call.Tenant) }

// UserID is zero for a machine.
func (m Me) UserID() uuid.UUID { return m.call.Admitted.UserID }

// Role is nil for a machine.
func (m Me) Role() *cell.Role {
	if m.call.Admitted.UserID == uuid.Nil {
		return nil
	}
	return &m.call.Admitted.Role
}

// Client is nil if the caller shows an API key.
func (m Me) Client() *string {
	if token := m.call.Token; token != nil && token.Client != "" {
		return &token.Client
	}
	return nil
}

// Permissions are those that the credential has.
func (m Me) Permissions() []cell.Permission {
	permissions := []cell.Permission{}
	for _, p := range cell.Permissions() {
		if m.call.Admitted.Has(p) {
			permissions = append(permissions, p)
		}
	}
	return permissions
}

// Organization is the tenant.
type Organization struct {
	cell.Organization
	loaded
}

// ID is the tenant's.
func (o *Organization) ID() uuid.UUID { return uuid.UUID(o.TenantID) }

// User is the schema's type.
type User struct {
	cell.User
	loaded
}

// Workspaces are where the user works.
func (u *User) Workspaces(ctx context.Context, first *int, after *string) (*WorkspaceConnection, error) {
	return taken[*WorkspaceConnection](ctx, u)
}

// Sessions are those that go on.
func (u *User) Sessions(ctx context.Context) ([]*Session, error) { return taken[[]*Session](ctx, u) }

// APIKeys come without their secrets.
func (u *User) APIKeys(ctx context.Context) ([]*Key, error) { return taken[[]*Key](ctx, u) }

// Session is the schema's type.
type Session struct {
	cell.Session
	loaded
}

// Key is the schema's ApiKey.
type Key struct {
	cell.Key
	loaded
}

// LastUsedOn is zero if the key was not used yet.
func (k *Key) LastUsedOn() time.Time { return k.UsedOn }

// Invitation is the schema's type.
type Invitation struct {
	cell.Invitation
	loaded
}

// Role is one that the tenant made.
type Role struct {
	cell.CustomRole
	loaded
}

// Workspace is the schema's type.
type Workspace struct {
	cell.Workspace
	loaded
}

// Members are who works there.
func (w *Workspace) Members(ctx context.Context, first *int, after *string) (*MemberConnection, error) {
	return taken[*MemberConnection](ctx, w)
}

// Projects are the workspace's.
func (w *Workspace) Projects(ctx context.Context, status *cell.ProjectStatus, tag, q *string, first *int, after *string) (*ProjectConnection, error) {
	return taken[*ProjectConnection](ctx, w)
}

// Member is the schema's type.
type Member struct {
	cell.WorkspaceMember
	loaded
}

// User is who it is.
func (m *Member) User(ctx context.Context) (*User, error) { return taken[*User](ctx, m) }

// Project is the schema's type.
type Project struct {
	cell.Project
	loaded
}

// Workspace is where the project is.
func (p *Project) Workspace(ctx context.Context) (*Workspace, error) {
	return taken[*Workspace](ctx, p)
}

// Endpoint is the schema's WebhookEndpoint.
type Endpoint struct {
	cell.WebhookEndpoint
	loaded
}

// Deliveries are the endpoint's.
func (e *Endpoint) Deliveries(ctx context.Context, state *cell.DeliveryState, first *int, after *string) (*DeliveryConnection, error) {
	return taken[*DeliveryConnection](ctx, e)
}

// Delivery is the schema's type.
type Delivery struct {
	cell.Delivery
	loaded
}

// NextAttemptAt is zero unless the delivery is pending.
func (d *Delivery) NextAttemptAt() time.Time {
	if d.State != cell.DeliveryPending {
		return time.Time{}
	}
	return d.NextAt
}

// Job is the schema's type.
type Job struct {
	cell.Job
	loaded
}

// Schedule is the schema's type.
type Schedule struct {
	cell.Schedule
	loaded
}

// Usage is the schema's type.
type Usage struct {
	cell.Usage
	loaded
}

// AuditEntry is the schema's type.
type AuditEntry struct {
	cell.AuditEntry
	loaded
}

// Actor is the user who acted, if it is still there.
func (e *AuditEntry) Actor(ctx context.Context) (*User, error) { return taken[*User](ctx, e) }
