package citus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

const auditColumns = `tenant_id, audit_id, actor_kind, action, subject_type, subject_id, request_id, details, actor_id, actor_client, actor_subject`

// auditByKey looks the actor up itself: when the pipeline is sent, the caller's
// key has not been judged yet. It is a join of colocated tables, since Citus
// knows no subquery within VALUES. Who calls with a token is known beforehand.
const (
	auditByKey = `
INSERT INTO audit_logs (` + auditColumns + `)
SELECT t.tenant_id, $2::uuid, $3::text, $4::text, $5::text, $6::uuid, $7::text, $8::jsonb, k.user_id, '', ''
FROM tenants t LEFT JOIN api_keys k ON k.tenant_id = t.tenant_id AND k.key_hash = $9
WHERE t.tenant_id = $1`
	auditByToken = `INSERT INTO audit_logs (` + auditColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11)`
)

// Note adds an entry about something that was done elsewhere.
func (s *Store) Note(ctx context.Context, call *cell.Call, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) { w.audit(entry) })
}

// auditBy queues the row for somebody who has just become a user.
func (w *work) auditBy(user uuid.UUID, entry cell.AuditEntry) {
	w.call.Token = &cell.Token{UserID: user}
	w.audit(entry)
	w.call.Token = nil
}

// audit queues the row that says what this transaction does.
func (w *work) audit(entry cell.AuditEntry) {
	details, err := json.Marshal(entry.Details)
	if err != nil {
		// Details are strings and numbers; should they ever not be, the row still says what was done.
		details = []byte(`{}`)
	}
	kind := cell.ActorUser
	switch {
	case w.call.System:
		kind = cell.ActorSystem
	case w.call.Token != nil && w.call.Token.Machine:
		kind = cell.ActorClient
	}
	if entry.ID == uuid.Nil {
		entry.ID = uuid.Must(uuid.NewV7())
	}
	args := []any{
		w.tenant(), entry.ID.String(), string(kind), entry.Action, entry.SubjectType, entry.SubjectID.String(),
		w.call.RequestID, string(details),
	}
	switch {
	case w.call.Token != nil:
		w.Queue(auditByToken, append(args, tokenActor(w.call.Token)...)...)
	case w.call.System:
		w.Queue(auditByToken, append(args, nil, "", "")...)
	default:
		w.Queue(auditByKey, append(args, w.keyHash())...)
	}
}

// tokenActor returns the last three of auditColumns.
func tokenActor(t *cell.Token) []any {
	if t.Machine {
		return []any{nil, t.Client, t.Subject}
	}
	return []any{t.UserID.String(), t.Client, ""}
}

func scanAudit(r row) (cell.AuditEntry, error) {
	var e cell.AuditEntry
	var actor *uuid.UUID
	var details string
	err := r.Scan(&e.ID, &e.At, &e.ActorKind, &actor, &e.Client, &e.Subject, &e.Action, &e.SubjectType, &e.SubjectID, &e.RequestID, &details)
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
