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

// UserConnection and those that follow are the schema's types.
type (
	UserConnection       = Connection[*User]
	UserEdge             = Edge[*User]
	InvitationConnection = Connection[*Invitation]
	InvitationEdge       = Edge[*Invitation]
	RoleConnection       = Connection[*Role]
	RoleEdge             = Edge[*Role]
	WorkspaceConnection  = Connection[*Workspace]
	WorkspaceEdge        = Edge[*Workspace]
	MemberConnection     = Connection[*Member]
	MemberEdge           = Edge[*Member]
	ProjectConnection    = Connection[*Project]
	ProjectEdge          = Edge[*Project]
	DeliveryConnection   = Connection[*Delivery]
	DeliveryEdge         = Edge[*Delivery]
	JobConnection        = Connection[*Job]
	JobEdge              = Edge[*Job]
	ScheduleConnection   = Connection[*Schedule]
	ScheduleEdge         = Edge[*Schedule]
	AuditEntryConnection = Connection[*AuditEntry]
	AuditEntryEdge       = Edge[*AuditEntry]
)

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
