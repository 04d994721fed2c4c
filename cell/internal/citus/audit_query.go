package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// ListAudit returns audit entries, newest first.
func (s *Store) ListAudit(ctx context.Context, call *cell.Call, filter cell.AuditFilter, page cell.PageRequest) ([]cell.AuditEntry, error) {
	return list(ctx, s, call, selectAudit(filter), page, scanAudit)
}

// goneSQL finds out whether entries after $2 may be gone: that one is.
const goneSQL = `
SELECT true FROM audit_horizons h WHERE h.tenant_id = $1 AND h.newest >= $2
	AND NOT EXISTS (SELECT FROM audit_logs a WHERE a.tenant_id = $1 AND a.audit_id = $2)`

// ExportAudit returns audit entries, oldest first, up to limit. After an entry
// that is gone it is Gone: those that came next may be, too.
func (s *Store) ExportAudit(ctx context.Context, call *cell.Call, filter cell.AuditFilter, after uuid.UUID, limit int) ([]cell.AuditEntry, error) {
	q := selectAudit(filter)
	q.newest = false
	var entries []cell.AuditEntry
	err := s.read(ctx, call, func(w *work) {
		if after != uuid.Nil {
			w.Queue(goneSQL, w.tenant(), after.String()).Query(func(rows pgx.Rows) error {
				if rows.Next() {
					return fault.New(fault.Gone, "the entry is older than the plan keeps it, and what came next may be, too; export from the beginning of what is kept")
				}
				return rows.Err()
			})
		}
		q.paged(cell.PageRequest{Limit: limit - 1, After: after}).queue(w).Query(collect(&entries, scanAudit))
	})
	return entries, err
}

// idSlack is how far an entry's time and that of its id may be apart: the id is
// made by the API's clock, before the transaction begins.
const idSlack = time.Hour

// selectAudit has conditions that indexes answer: a time also as a range of ids,
// which begin with it, so that the primary key is enough. The time itself is
// compared in a way that no index answers: there is one over the entries of all
// tenants by time, for the sealer.
func selectAudit(f cell.AuditFilter) selection {
	q := rowsOf(`audit_id, at, actor_kind, actor_id, actor_client, actor_subject, action, subject_type, subject_id, request_id, details::text`,
		`audit_logs`, `tenant_id`, `audit_id`)
	q.newest = true
	if f.Actor != uuid.Nil {
		q.and(`actor_id = `, f.Actor.String())
	}
	if f.Action != "" {
		q.and(`action = `, f.Action)
	}
	if f.Subject != uuid.Nil {
		q.and(`subject_id = `, f.Subject.String())
	}
	if !f.Since.IsZero() {
		q.and(`'0' <= at - `, f.Since)
		q.where += `::timestamptz`
		q.and(`audit_id >= `, cell.FirstIDAt(f.Since.Add(-idSlack)).String())
	}
	if !f.Until.IsZero() {
		q.and(`'0' > at - `, f.Until)
		q.where += `::timestamptz`
		q.and(`audit_id < `, cell.FirstIDAt(f.Until.Add(idSlack)).String())
	}
	return q
}
