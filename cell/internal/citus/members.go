package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Whoever adds a member names a workspace and a user; neither is in the body.
var memberConstraints = constraints{
	"members_user":      fault.New(fault.NotFound, "no such user"),
	"members_workspace": fault.New(fault.NotFound, "no such workspace"),
}

// ListMembers returns the members of a workspace, in the order of their ids.
func (s *Store) ListMembers(ctx context.Context, call *cell.Call, workspace uuid.UUID, page cell.PageRequest) ([]cell.WorkspaceMember, error) {
	var members []cell.WorkspaceMember
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT workspace_id FROM workspaces WHERE tenant_id = $1 AND workspace_id = $2`, w.tenant(), workspace.String()).
			QueryRow(func(r pgx.Row) error { return r.Scan(&workspace) })
		q := selectMembers()
		q.and(`m.workspace_id = `, workspace.String())
		q.paged(page).queue(w).Query(collect(&members, scanMember))
	})
	return members, err
}

func selectMembers() selection {
	q := rowsOf(`u.user_id, u.name, u.email, m.created_at`,
		`workspace_members m JOIN users u ON u.tenant_id = m.tenant_id AND u.user_id = m.user_id`, `m.tenant_id`, `m.user_id`)
	q.parent = `m.workspace_id = ?`
	return q
}

// AddMember makes a user a member of a workspace. One who is a member already
// stays one.
func (s *Store) AddMember(ctx context.Context, call *cell.Call, workspace, user uuid.UUID, entry cell.AuditEntry) error {
	return s.write(ctx, call, memberConstraints, func(w *work) {
		w.changes = changesData
		w.Queue(`INSERT INTO workspace_members (tenant_id, workspace_id, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			w.tenant(), workspace.String(), user.String())
		w.audit(entry)
	})
}

// RemoveMember ends a membership.
func (s *Store) RemoveMember(ctx context.Context, call *cell.Call, workspace, user uuid.UUID, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesData
		w.Queue(`DELETE FROM workspace_members WHERE tenant_id = $1 AND workspace_id = $2 AND user_id = $3 RETURNING user_id`,
			w.tenant(), workspace.String(), user.String()).QueryRow(func(r pgx.Row) error { return r.Scan(&user) })
		w.audit(entry)
	})
}

func scanMember(r row) (cell.WorkspaceMember, error) {
	var m cell.WorkspaceMember
	err := r.Scan(&m.UserID, &m.Name, &m.Email, &m.Since)
	return m, err
}
