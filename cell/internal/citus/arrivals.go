package citus

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Admit prepares and activates many tenants at once, in one transaction and a
// fixed number of statements, whatever their number. No welcome is sent.
// Tenants that the cell holds already are not touched. It returns the fence of
// each tenant as it then is, and whether its content is what was asked for, in
// the order of arrivals, whose ids must differ.
func (m *Mover) Admit(ctx context.Context, arrivals []cell.Arrival, requestID string) ([]cell.Admission, error) {
	var admissions []cell.Admission
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		fresh, err := insertFences(ctx, tx, arrivals)
		if err != nil {
			return err
		}
		if err := insertContents(ctx, tx, arrivals, fresh, requestID); err != nil {
			return err
		}
		admissions, err = admissionsOf(ctx, tx, arrivals)
		return err
	})
	return admissions, err
}

const insertFencesSQL = `
INSERT INTO tenants (tenant_id, slug, state, epoch, content_hash)
SELECT tenant_id, slug, 'live', epoch, content_hash
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bytea[]) AS a (tenant_id, slug, epoch, content_hash)
ON CONFLICT (tenant_id) DO NOTHING
RETURNING tenant_id`

// insertFences claims the tenants that are new here and returns their ids. The
// order keeps two overlapping batches from waiting for each other.
func insertFences(ctx context.Context, tx pgx.Tx, arrivals []cell.Arrival) (map[tenancy.ID]bool, error) {
	c := columnsOf(sortedByID(arrivals))
	rows, err := tx.Query(ctx, insertFencesSQL, c.tenant, c.slug, c.epoch, c.hash)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	fresh := make(map[tenancy.ID]bool, len(ids))
	for _, id := range ids {
		fresh[tenancy.ID(id)] = true
	}
	return fresh, err
}

var insertContentsSQL = []string{
	`INSERT INTO tenant_gate (tenant_id, open) SELECT unnest($1::uuid[]), true`,
	`INSERT INTO organizations (tenant_id, slug, name, plan) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])`,
	`INSERT INTO users (tenant_id, user_id, email, name, role, status)
	 SELECT tenant_id, user_id, email, name, 'owner', 'active'
	 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS u (tenant_id, user_id, email, name)`,
	`INSERT INTO api_keys (tenant_id, key_id, user_id, key_hash) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[])`,
	`INSERT INTO audit_logs (tenant_id, audit_id, actor_kind, action, subject_type, subject_id, request_id, details)
	 SELECT tenant_id, audit_id, 'control', 'tenant.admitted', 'tenant', tenant_id, $3, '{}'
	 FROM unnest($1::uuid[], $2::uuid[]) AS a (tenant_id, audit_id)`,
}

func insertContents(ctx context.Context, tx pgx.Tx, arrivals []cell.Arrival, fresh map[tenancy.ID]bool, requestID string) error {
	if len(fresh) == 0 {
		return nil
	}
	var chosen []cell.Arrival
	for _, a := range arrivals {
		if fresh[a.TenantID] {
			chosen = append(chosen, a)
		}
	}
	c := columnsOf(chosen)
	b := &pgx.Batch{}
	b.Queue(insertContentsSQL[0], c.tenant)
	b.Queue(insertContentsSQL[1], c.tenant, c.slug, c.organization, c.plan)
	b.Queue(insertContentsSQL[2], c.tenant, c.user, c.email, c.name)
	b.Queue(insertContentsSQL[3], c.tenant, c.key, c.user, c.keyHash)
	b.Queue(insertContentsSQL[4], c.tenant, c.audit, requestID)
	return tx.SendBatch(ctx, b).Close()
}

func admissionsOf(ctx context.Context, tx pgx.Tx, arrivals []cell.Arrival) ([]cell.Admission, error) {
	const query = `SELECT tenant_id, slug, state, epoch, content_hash FROM tenants WHERE tenant_id = ANY($1::uuid[])`
	held := make(map[tenancy.ID]record, len(arrivals))
	rows, err := tx.Query(ctx, query, columnsOf(arrivals).tenant)
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	var r record
	_, err = pgx.ForEachRow(rows, []any{&id, &r.Slug, &r.State, &r.Epoch, &r.contentHash}, func() error {
		r.TenantID = tenancy.ID(id)
		held[r.TenantID] = record{Fence: r.Fence, contentHash: bytes.Clone(r.contentHash)}
		return nil
	})
	admissions := make([]cell.Admission, len(arrivals))
	for i, a := range arrivals {
		h := held[a.TenantID]
		admissions[i] = cell.Admission{Fence: h.Fence, Same: h.Epoch == a.Epoch && bytes.Equal(h.contentHash, a.ContentHash())}
	}
	return admissions, err
}
