package citus

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Activate opens the cell to a prepared tenant: importing → live, gate open,
// and the owner's welcome is enqueued, in one transaction. Repeating it
// changes nothing.
func (m *Mover) Activate(ctx context.Context, id tenancy.ID, epoch uint64, requestID string) (cell.Fence, error) {
	var fence cell.Fence
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, id)
		if err != nil {
			return err
		}
		fence = held.Fence
		switch {
		case held.State == cell.Absent:
			return fault.New(fault.NotFound, "the tenant was not prepared in this cell")
		case held.Epoch != epoch || held.State == cell.Departed:
			return conflict(held)
		case held.State != cell.Importing:
			return nil
		}
		fence.State = cell.Live
		return openTenant(ctx, tx, id, requestID)
	})
	return fence, err
}

func openTenant(ctx context.Context, tx pgx.Tx, id tenancy.ID, requestID string) error {
	payload, err := welcomePayload(ctx, tx, id)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE tenants SET state = 'live', changed_at = now() WHERE tenant_id = $1 AND state = 'importing'`, id.String())
	b.Queue(`UPDATE tenant_gate SET open = true, closed_at = NULL WHERE tenant_id = $1`, id.String())
	b.Queue(`INSERT INTO jobs (tenant_id, job_id, kind, payload, priority, state, max_attempts) VALUES ($1, $2, $3, $4::text::jsonb, $5, 'pending', $6)`,
		id.String(), uuid.Must(uuid.NewV7()).String(), string(cell.WelcomeEmail), payload, int16(cell.HighPriority), cell.DefaultMaxAttempts)
	b.Queue(notifyJobs)
	queueControlAudit(b, id, "tenant.activated", requestID)
	return tx.SendBatch(ctx, b).Close()
}

func welcomePayload(ctx context.Context, tx pgx.Tx, id tenancy.ID) (string, error) {
	var owner uuid.UUID
	const query = `SELECT user_id FROM users WHERE tenant_id = $1 AND role = 'owner' ORDER BY user_id LIMIT 1`
	if err := tx.QueryRow(ctx, query, id.String()).Scan(&owner); err != nil {
		return "", fmt.Errorf("find the owner: %w", err)
	}
	payload, err := json.Marshal(cell.WelcomePayload{UserID: owner})
	return string(payload), err
}
