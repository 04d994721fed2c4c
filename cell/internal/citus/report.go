package citus

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// ReadReport returns what a tenant works on, in one snapshot.
func (s *Store) ReadReport(ctx context.Context, ref cell.JobRef) (cell.Report, error) {
	var report cell.Report
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(`SELECT name FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(func(r pgx.Row) error { return r.Scan(&report.Organization) })
		w.Queue(`SELECT count(*) FROM users WHERE tenant_id = $1 AND status = 'active'`, w.tenant()).
			QueryRow(func(r pgx.Row) error { return r.Scan(&report.Users) })
		w.Queue(`SELECT s.name, p.name, p.status, p.created_at, p.updated_at FROM projects p
			JOIN workspaces s ON s.tenant_id = p.tenant_id AND s.workspace_id = p.workspace_id
			WHERE p.tenant_id = $1 ORDER BY lower(s.name), lower(p.name)`, w.tenant()).
			Query(collect(&report.Lines, func(r row) (cell.ReportLine, error) {
				var l cell.ReportLine
				err := r.Scan(&l.Workspace, &l.Project, &l.Status, &l.CreatedAt, &l.UpdatedAt)
				return l, err
			}))
	})
	return report, err
}
