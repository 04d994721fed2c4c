package citus

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Prepare puts a new tenant's rows into the cell: absent → importing, gate
// closed. Repeating it changes nothing; while the tenant is importing other
// content replaces the first. It returns the fence as it then is.
func (m *Mover) Prepare(ctx context.Context, a cell.Arrival, requestID string) (cell.Fence, error) {
	var fence cell.Fence
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		held, err := lockRecord(ctx, tx, a.TenantID)
		if err != nil {
			return err
		}
		same := held.Epoch == a.Epoch && bytes.Equal(held.contentHash, a.ContentHash())
		switch {
		case same && held.State != cell.Departed:
			fence = held.Fence
			return nil
		case held.State == cell.Importing && held.Epoch == a.Epoch, held.State == cell.Departed && held.Epoch < a.Epoch:
			if err := removeTenant(ctx, tx, a.TenantID); err != nil {
				return err
			}
		case held.State != cell.Absent:
			return conflict(held)
		}
		fence = cell.Fence{TenantID: a.TenantID, Slug: a.Slug, State: cell.Importing, Epoch: a.Epoch, FreezeNo: held.FreezeNo}
		return insertArrival(ctx, tx, a, requestID)
	})
	return fence, err
}

func insertArrival(ctx context.Context, tx pgx.Tx, a cell.Arrival, requestID string) error {
	id, user := a.TenantID.String(), uuid.Must(uuid.NewV7()).String()
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO tenants (tenant_id, slug, state, epoch, content_hash) VALUES ($1, $2, 'importing', $3, $4)`,
		id, string(a.Slug), int64(a.Epoch), a.ContentHash())
	b.Queue(`INSERT INTO tenant_gate (tenant_id, open, closed_at) VALUES ($1, false, now())`, id)
	b.Queue(`INSERT INTO organizations (tenant_id, slug, name, plan) VALUES ($1, $2, $3, $4)`, id, string(a.Slug), a.Organization, a.Plan)
	b.Queue(`INSERT INTO users (tenant_id, user_id, email, name, role, status) VALUES ($1, $2, $3, $4, 'owner', 'active')`,
		id, user, a.OwnerEmail, a.OwnerName)
	b.Queue(`INSERT INTO api_keys (tenant_id, key_id, user_id, key_hash) VALUES ($1, $2, $3, $4)`,
		id, uuid.Must(uuid.NewV7()).String(), user, a.OwnerKeyHash)
	queueControlAudit(b, a.TenantID, "tenant.prepared", requestID)
	return tx.SendBatch(ctx, b).Close()
}

// queueControlAudit says in the tenant's own log what the control plane did.
func queueControlAudit(b *pgx.Batch, tenant tenancy.ID, action, requestID string) {
	b.Queue(`INSERT INTO audit_logs (tenant_id, audit_id, actor_kind, action, subject_type, subject_id, request_id, details)
		VALUES ($1, $2, 'control', $3, 'tenant', $1, $4, '{}')`, tenant.String(), uuid.Must(uuid.NewV7()).String(), action, requestID)
}

// removeTenant deletes every row of the tenant, the fence's last.
func removeTenant(ctx context.Context, tx pgx.Tx, id tenancy.ID) error {
	b := &pgx.Batch{}
	for _, table := range slices.Backward(tenantTables) {
		b.Queue(`DELETE FROM `+table+` WHERE tenant_id = $1`, id.String())
	}
	queueFenceRemoval(b, id)
	return tx.SendBatch(ctx, b).Close()
}
