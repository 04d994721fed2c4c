package workspaces

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// HistoryStore keeps what happened. It is an
// interface because use-cases do not know the database.
type HistoryStore interface {
	ListAudit(ctx context.Context, call *cell.Call, filter cell.AuditFilter, page cell.PageRequest) ([]cell.AuditEntry, error)
	ExportAudit(ctx context.Context, call *cell.Call, filter cell.AuditFilter, after uuid.UUID, limit int) ([]cell.AuditEntry, error)
}

// History shows the audit log.
type History struct{ Store HistoryStore }

// Audit returns a page of audit entries, newest first.
func (h History) Audit(ctx context.Context, call *cell.Call, filter cell.AuditFilter, req cell.PageRequest) (cell.Page[cell.AuditEntry], error) {
	rows, err := h.Store.ListAudit(ctx, call, filter, req)
	return page(rows, err, req.Limit, func(e cell.AuditEntry) uuid.UUID { return e.ID })
}
