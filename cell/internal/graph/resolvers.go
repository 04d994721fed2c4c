package graph

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// resolvers implement what the generated code asks for: the fields of the root.
// Everything was read before.
type resolvers struct{}

// Query implements ResolverRoot.
func (resolvers) Query() QueryResolver { return query{} }

type query struct{}

type rootKey struct{}

// atRoot returns what was read for the field of the root that is being answered.
func atRoot[T any](ctx context.Context) (T, error) {
	root, _ := ctx.Value(rootKey{}).(loaded)
	return taken[T](ctx, root)
}

// taken returns what was read for the field that is being answered.
func taken[T any](ctx context.Context, of node) (value T, err error) {
	o, read := of.below()[placeOf(ctx)]
	if !read {
		return value, fault.New(fault.Internal, "nobody has read this")
	}
	value, _ = o.value.(T) // nil is the zero T
	return value, o.err
}

// placeOf returns the names in the answer down to the field, without indexes.
func placeOf(ctx context.Context) string {
	var names []string
	for f := graphql.GetFieldContext(ctx); f != nil; f = f.Parent {
		if f.Field.Field != nil {
			names = append(names, f.Field.Alias)
		}
	}
	slices.Reverse(names)
	return strings.Join(names, ".")
}

func (query) Me(ctx context.Context) (*Me, error) {
	me, err := atRoot[Me](ctx)
	return &me, err
}

func (query) Organization(ctx context.Context) (*Organization, error) {
	return atRoot[*Organization](ctx)
}

func (query) User(ctx context.Context, _ uuid.UUID) (*User, error) { return atRoot[*User](ctx) }

func (query) Users(ctx context.Context, _ *string, _ *cell.UserStatus, _ *int, _ *string) (*UserConnection, error) {
	return atRoot[*UserConnection](ctx)
}

func (query) Sessions(ctx context.Context, _ uuid.UUID) ([]*Session, error) {
	return atRoot[[]*Session](ctx)
}

func (query) APIKeys(ctx context.Context, _ uuid.UUID) ([]*Key, error) { return atRoot[[]*Key](ctx) }

func (query) Invitation(ctx context.Context, _ uuid.UUID) (*Invitation, error) {
	return atRoot[*Invitation](ctx)
}

func (query) Invitations(ctx context.Context, _ *int, _ *string) (*InvitationConnection, error) {
	return atRoot[*InvitationConnection](ctx)
}

func (query) Role(ctx context.Context, _ uuid.UUID) (*Role, error) { return atRoot[*Role](ctx) }

func (query) Roles(ctx context.Context, _ *int, _ *string) (*RoleConnection, error) {
	return atRoot[*RoleConnection](ctx)
}

func (query) Workspace(ctx context.Context, _ uuid.UUID) (*Workspace, error) {
	return atRoot[*Workspace](ctx)
}

func (query) Workspaces(ctx context.Context, _ *uuid.UUID, _ *int, _ *string) (*WorkspaceConnection, error) {
	return atRoot[*WorkspaceConnection](ctx)
}

func (query) Project(ctx context.Context, _ uuid.UUID) (*Project, error) {
	return atRoot[*Project](ctx)
}

func (query) Projects(ctx context.Context, _ *uuid.UUID, _ *cell.ProjectStatus, _, _ *string, _ *int, _ *string) (*ProjectConnection, error) {
	return atRoot[*ProjectConnection](ctx)
}

func (query) WebhookEndpoint(ctx context.Context, _ uuid.UUID) (*Endpoint, error) {
	return atRoot[*Endpoint](ctx)
}

func (query) WebhookEndpoints(ctx context.Context) ([]*Endpoint, error) {
	return atRoot[[]*Endpoint](ctx)
}

func (query) Job(ctx context.Context, _ uuid.UUID) (*Job, error) { return atRoot[*Job](ctx) }

func (query) Jobs(ctx context.Context, _ *cell.JobState, _ *string, _ *int, _ *string) (*JobConnection, error) {
	return atRoot[*JobConnection](ctx)
}

func (query) Schedule(ctx context.Context, _ uuid.UUID) (*Schedule, error) {
	return atRoot[*Schedule](ctx)
}

func (query) Schedules(ctx context.Context, _ *int, _ *string) (*ScheduleConnection, error) {
	return atRoot[*ScheduleConnection](ctx)
}

func (query) Usage(ctx context.Context, _, _ *time.Time) ([]*Usage, error) {
	return atRoot[[]*Usage](ctx)
}

func (query) AuditLog(ctx context.Context, _, _ *uuid.UUID, _ *string, _, _ *time.Time, _ *int, _ *string) (*AuditEntryConnection, error) {
	return atRoot[*AuditEntryConnection](ctx)
}
