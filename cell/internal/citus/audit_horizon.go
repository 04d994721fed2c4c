package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

const horizonColumns = `tenant_id, seq, audit_id, hash, newest, checkpoint, digest, before, cell, signed_at, public_key, signature`

// logBeginningsSQL joins what stands at the horizon's place and behind it: the
// numbers of checkpoints have no gaps, and the row at the horizon goes last.
const logBeginningsSQL = `
SELECT t.tenant_id, o.plan, h.signed_at, p.signed_at, l.audit_id IS NULL
FROM tenants t
JOIN tenant_gate g ON g.tenant_id = t.tenant_id
JOIN organizations o ON o.tenant_id = t.tenant_id
LEFT JOIN audit_horizons h ON h.tenant_id = t.tenant_id
LEFT JOIN audit_checkpoints p ON p.tenant_id = t.tenant_id AND p.no = coalesce(h.checkpoint, 0) + 1
LEFT JOIN audit_logs l ON l.tenant_id = t.tenant_id AND l.audit_id = h.audit_id
WHERE t.tenant_id > $1 AND t.state = 'live' AND g.open ORDER BY t.tenant_id LIMIT $2`

// LogBeginnings lists tenants that may be written, after the given one, in the
// order of ids, with where their logs begin.
func (m *Mover) LogBeginnings(ctx context.Context, after tenancy.ID, limit int) ([]cell.LogBeginning, error) {
	rows, err := m.pool.Query(ctx, logBeginningsSQL, after.String(), limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	var beginnings []cell.LogBeginning
	err = collect(&beginnings, func(r row) (cell.LogBeginning, error) {
		var b cell.LogBeginning
		var id uuid.UUID
		var drawn, next *time.Time
		err := r.Scan(&id, &b.Plan, &drawn, &next, &b.Removed)
		b.Tenant, b.Drawn, b.Next = tenancy.ID(id), orZero(drawn), orZero(next)
		return b, err
	})(rows)
	return beginnings, translate(err, nil)
}

// DrawHorizon replaces the horizon before by the next, as a write like any
// other. It returns false if the tenant may not be written now, or if its
// horizon is another one.
func (m *Mover) DrawHorizon(ctx context.Context, before, next cell.Horizon) (drawn bool, err error) {
	err = m.inTx(ctx, func(tx pgx.Tx) error {
		var open bool
		var held cell.Horizon
		look := &pgx.Batch{}
		look.Queue(mayWriteSQL, next.Tenant.String()).QueryRow(flag(&open))
		queueHorizon(look, next.Tenant, &held)
		if err := tx.SendBatch(ctx, look).Close(); err != nil {
			return err
		}
		if !open || held.Base != before.Base {
			return nil
		}
		drawn = true
		write := &pgx.Batch{}
		queueDrawn(write, next)
		return tx.SendBatch(ctx, write).Close()
	})
	return drawn && err == nil, err
}

// RemoveBehindHorizon removes about limit entries of the tenant's log, the first
// ones, with their links and checkpoints. The link of the last one stays, as the
// base of what follows, and so does the checkpoint there. It returns whether
// there are more up to the horizon; none while the tenant may not be written.
func (m *Mover) RemoveBehindHorizon(ctx context.Context, tenant tenancy.ID, limit int) (more bool, err error) {
	err = m.inTx(ctx, func(tx pgx.Tx) error {
		var open bool
		var first, horizon int64
		look := &pgx.Batch{}
		look.Queue(mayWriteSQL, tenant.String()).QueryRow(flag(&open))
		look.Queue(`SELECT coalesce((SELECT min(seq) FROM audit_chain WHERE tenant_id = $1), 0), seq FROM audit_horizons WHERE tenant_id = $1`, tenant.String()).
			QueryRow(func(r pgx.Row) error { return orNothing(r.Scan(&first, &horizon)) })
		if err := tx.SendBatch(ctx, look).Close(); err != nil {
			return err
		}
		if !open || horizon == 0 {
			return nil
		}
		last := min(horizon, first+int64(limit))
		more = last < horizon
		remove := &pgx.Batch{}
		remove.Queue(`DELETE FROM audit_logs WHERE tenant_id = $1 AND audit_id IN (SELECT audit_id FROM audit_chain WHERE tenant_id = $1 AND seq <= $2)`, tenant.String(), last)
		remove.Queue(`DELETE FROM audit_checkpoints WHERE tenant_id = $1 AND seq < $2`, tenant.String(), last)
		remove.Queue(`DELETE FROM audit_chain WHERE tenant_id = $1 AND seq < $2`, tenant.String(), last)
		return tx.SendBatch(ctx, remove).Close()
	})
	return more && err == nil, err
}

// queueHorizon reads a tenant's horizon; without one the noun stays zero.
func queueHorizon(b *pgx.Batch, tenant tenancy.ID, h *cell.Horizon) {
	b.Queue(`SELECT `+horizonColumns+` FROM audit_horizons WHERE tenant_id = $1`, tenant.String()).QueryRow(func(r pgx.Row) error {
		var id uuid.UUID
		var hash, digest, key []byte
		err := r.Scan(&id, &h.Base.Seq, &h.Base.AuditID, &hash, &h.Base.Newest, &h.Checkpoint, &digest, &h.Before, &h.Cell, &h.SignedAt, &key, &h.Signature)
		h.Tenant, h.PublicKey = tenancy.ID(id), key
		copy(h.Base.Hash[:], hash)
		copy(h.Digest[:], digest)
		return orNothing(err)
	})
}

// queueDrawn puts a horizon in the place of the tenant's former one. Nobody has
// the right to change one.
func queueDrawn(b *pgx.Batch, h cell.Horizon) {
	b.Queue(`DELETE FROM audit_horizons WHERE tenant_id = $1`, h.Tenant.String())
	b.Queue(`INSERT INTO audit_horizons (`+horizonColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		h.Tenant.String(), h.Base.Seq, h.Base.AuditID.String(), h.Base.Hash[:], h.Base.Newest.String(), h.Checkpoint, h.Digest[:], h.Before, h.Cell, h.SignedAt,
		[]byte(h.PublicKey), h.Signature)
}
