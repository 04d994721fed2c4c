package workspaces

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// MemberStore keeps who works in which workspace. It is an interface because
// use-cases do not know the database.
type MemberStore interface {
	ListMembers(ctx context.Context, call *cell.Call, workspace uuid.UUID, page cell.PageRequest) ([]cell.WorkspaceMember, error)
	AddMember(ctx context.Context, call *cell.Call, workspace, user uuid.UUID, entry cell.AuditEntry) error
	RemoveMember(ctx context.Context, call *cell.Call, workspace, user uuid.UUID, entry cell.AuditEntry) error
}

// Members are the use-cases of workspaces' members.
type Members struct{ Store MemberStore }

// List returns a page of a workspace's members.
func (m Members) List(ctx context.Context, call *cell.Call, workspace uuid.UUID, req cell.PageRequest) (cell.Page[cell.WorkspaceMember], error) {
	rows, err := m.Store.ListMembers(ctx, call, workspace, req)
	return page(rows, err, req.Limit, func(m cell.WorkspaceMember) uuid.UUID { return m.UserID })
}

// Add makes a user a member.
func (m Members) Add(ctx context.Context, call *cell.Call, workspace, user uuid.UUID) error {
	return m.Store.AddMember(ctx, call, workspace, user, workspaceEntry("workspace.member_added", workspace, map[string]any{"user_id": user}))
}

// Remove ends a membership.
func (m Members) Remove(ctx context.Context, call *cell.Call, workspace, user uuid.UUID) error {
	return m.Store.RemoveMember(ctx, call, workspace, user, workspaceEntry("workspace.member_removed", workspace, map[string]any{"user_id": user}))
}
