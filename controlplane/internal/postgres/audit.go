package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const insertAudit = `INSERT INTO audit_log (at, actor, role, action, target, request_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// record writes who did what into the audit log, in the transaction that does it.
func (db *DB) record(ctx context.Context, tx pgx.Tx, action, target string, detail map[string]any) error {
	actor := controlplane.ActorOf(ctx)
	if detail == nil {
		detail = map[string]any{}
	}
	_, err := tx.Exec(ctx, insertAudit, db.now(), actor.Name, actor.Role, action, target, actor.RequestID, detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}

// AuditStore reads the audit log.
type AuditStore struct{ *DB }

// List returns entries, newest first; the page's key is the last entry's id.
func (s AuditStore) List(ctx context.Context, f controlplane.AuditFilter, page controlplane.Page) ([]controlplane.AuditEntry, error) {
	before := int64(1<<63 - 1)
	if page.After != "" {
		var err error
		if before, err = strconv.ParseInt(page.After, 10, 64); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "the cursor is not one of ours").At("cursor", "use next_cursor of the page before")
		}
	}
	rows, err := s.pool.Query(ctx, `
SELECT audit_id, at, actor, role, action, target, request_id, detail FROM audit_log
WHERE audit_id < $1 AND ($2 = '' OR actor = $2) AND ($3 = '' OR action = $3) AND ($4 = '' OR target = $4)
ORDER BY audit_id DESC LIMIT $5`, before, f.Actor, f.Action, f.Target, page.Limit)
	if err != nil {
		return nil, outage(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[controlplane.AuditEntry])
	return entries, outage(err)
}
