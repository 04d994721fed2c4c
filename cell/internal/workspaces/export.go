package workspaces

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// Bounds of an export: an entry whose request may still be at work is not
// exported, since entries before it could come after.
const (
	exportPart = 1000
	exportLag  = time.Minute
)

// AuditExport hands out the audit log in parts, oldest first.
type AuditExport struct {
	store  HistoryStore
	call   *cell.Call
	filter cell.AuditFilter
	after  uuid.UUID
	end    uuid.UUID // nothing from here on
	over   bool
}

// ExportAudit begins an export after the entry with the given id (zero: from
// the start). Next does the reading.
func (h History) ExportAudit(call *cell.Call, filter cell.AuditFilter, after uuid.UUID) *AuditExport {
	return &AuditExport{store: h.Store, call: call, filter: filter, after: after, end: cell.FirstIDAt(time.Now().Add(-exportLag))}
}

// Next returns the next part. It is empty at the end.
func (x *AuditExport) Next(ctx context.Context) ([]cell.AuditEntry, error) {
	if x.over {
		return nil, nil
	}
	entries, err := x.store.ExportAudit(ctx, x.call, x.filter, x.after, exportPart)
	if err != nil {
		return nil, err
	}
	x.over = len(entries) < exportPart
	for i, e := range entries {
		if e.ID.String() >= x.end.String() {
			entries, x.over = entries[:i], true
			break
		}
	}
	if n := len(entries); n > 0 {
		x.after = entries[n-1].ID
	}
	return entries, nil
}

// After is the id of the last entry that Next returned.
func (x *AuditExport) After() uuid.UUID { return x.after }
