package citus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// The actor is looked up by the statement itself: when the pipeline is sent,
// the caller's key has not been judged yet. It is a join of colocated tables,
// since Citus knows no subquery within VALUES.
const insertAudit = `
INSERT INTO audit_logs (tenant_id, audit_id, actor_kind, actor_id, action, subject_type, subject_id, request_id, details)
SELECT t.tenant_id, $2::uuid, $3::text, k.user_id, $5::text, $6::text, $7::uuid, $8::text, $9::jsonb
FROM tenants t LEFT JOIN api_keys k ON k.tenant_id = t.tenant_id AND k.key_hash = $4
WHERE t.tenant_id = $1`

// audit queues the row that says what this transaction does.
func (w *work) audit(entry cell.AuditEntry) {
	details, err := json.Marshal(entry.Details)
	if err != nil {
		// Details are strings and numbers; should they ever not be, the row still says what was done.
		details = []byte(`{}`)
	}
	kind := cell.ActorUser
	if w.call.System {
		kind = cell.ActorSystem
	}
	w.Queue(insertAudit, w.tenant(), uuid.Must(uuid.NewV7()).String(), string(kind), w.keyHash(), entry.Action,
		entry.SubjectType, entry.SubjectID.String(), w.call.RequestID, string(details))
}

const selectAudit = `
SELECT audit_id, at, actor_kind, actor_id, action, subject_type, subject_id, request_id, details::text
FROM audit_logs WHERE tenant_id = $1 AND audit_id < $2 ORDER BY audit_id DESC LIMIT $3`

// ListAudit returns audit entries, newest first.
func (s *Store) ListAudit(ctx context.Context, call *cell.Call, page cell.PageRequest) ([]cell.AuditEntry, error) {
	var entries []cell.AuditEntry
	err := s.read(ctx, call, func(w *work) {
		w.Queue(selectAudit, w.tenant(), before(page.After), page.Limit+1).Query(collect(&entries, scanAudit))
	})
	return entries, err
}

func scanAudit(r row) (cell.AuditEntry, error) {
	var e cell.AuditEntry
	var actor *uuid.UUID
	var details string
	err := r.Scan(&e.ID, &e.At, &e.ActorKind, &actor, &e.Action, &e.SubjectType, &e.SubjectID, &e.RequestID, &details)
	if err != nil {
		return e, err
	}
	if actor != nil {
		e.ActorID = *actor
	}
	if err := json.Unmarshal([]byte(details), &e.Details); err != nil {
		return e, fmt.Errorf("audit entry %s: %w", e.ID, err)
	}
	return e, nil
}

// before is the bound of a list that shows the newest first; zero means from
// the newest on.
func before(after uuid.UUID) string {
	if after == uuid.Nil {
		return uuid.Max.String()
	}
	return after.String()
}
