package graph

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Connection is a page of a list, in Relay's form.
type Connection[N any] struct {
	Edges    []Edge[N]
	PageInfo PageInfo
}

// Edge is one item of a page.
type Edge[N any] struct {
	Cursor string
	Node   N
}

// PageInfo says what there is around a page. Behind a cursor there was the row
// that it names.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// The schema's types of pages and their items.

// UserConnection is a page of the schema's type.
type UserConnection = Connection[*User]

// UserEdge is one item of it.
type UserEdge = Edge[*User]

// InvitationConnection is a page of the schema's type.
type InvitationConnection = Connection[*Invitation]

// InvitationEdge is one item of it.
type InvitationEdge = Edge[*Invitation]

// RoleConnection is a page of the schema's type.
type RoleConnection = Connection[*Role]

// RoleEdge is one item of it.
type RoleEdge = Edge[*Role]

// WorkspaceConnection is a page of the schema's type.
type WorkspaceConnection = Connection[*Workspace]

// WorkspaceEdge is one item of it.
type WorkspaceEdge = Edge[*Workspace]

// MemberConnection is a page of the schema's type.
type MemberConnection = Connection[*Member]

// MemberEdge is one item of it.
type MemberEdge = Edge[*Member]

// ProjectConnection is a page of the schema's type.
type ProjectConnection = Connection[*Project]

// ProjectEdge is one item of it.
type ProjectEdge = Edge[*Project]

// DeliveryConnection is a page of the schema's type.
type DeliveryConnection = Connection[*Delivery]

// DeliveryEdge is one item of it.
type DeliveryEdge = Edge[*Delivery]

// JobConnection is a page of the schema's type.
type JobConnection = Connection[*Job]

// JobEdge is one item of it.
type JobEdge = Edge[*Job]

// ScheduleConnection is a page of the schema's type.
type ScheduleConnection = Connection[*Schedule]

// ScheduleEdge is one item of it.
type ScheduleEdge = Edge[*Schedule]

// AuditEntryConnection is a page of the schema's type.
type AuditEntryConnection = Connection[*AuditEntry]

// AuditEntryEdge is one item of it.
type AuditEntryEdge = Edge[*AuditEntry]

// connect makes a connection of up to limit+1 rows that were read for it.
func connect[T any, N node](tenant tenancy.ID, list string, k kind[T, N], rows []T, page cell.PageRequest) *Connection[N] {
	found := cell.PageOf(rows, page.Limit, k.id)
	c := &Connection[N]{Edges: make([]Edge[N], len(found.Items))}
	c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage = found.Next != uuid.Nil, page.After != uuid.Nil
	for i, item := range found.Items {
		c.Edges[i] = Edge[N]{cell.EncodeCursor(tenant, list, k.id(item)), k.wrap(item)}
	}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}
