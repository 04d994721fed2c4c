package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// CheckpointStore keeps checkpoints of tenants' audit logs.
type CheckpointStore struct{ *DB }

const checkpointColumns = `k.no, k.seq, k.hash, k.previous, k.cell, k.signed_at, k.public_key, k.signature, k.kept_at, k.suspicion, k.suspected_at`

// Cursor returns the moment from which on a cell is to be asked; zero: it never was.
func (s CheckpointStore) Cursor(ctx context.Context, cell string) (since time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT since FROM audit_cursors WHERE cell_id = $1`, cell).Scan(&since)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return since, outage(err)
}

// Kept returns, for those of the tenants that the directory has in the cell,
// what is kept of them; of some that is nothing yet.
func (s CheckpointStore) Kept(ctx context.Context, cell string, tenants []tenancy.ID) (map[tenancy.ID]*controlplane.KeptCheckpoint, error) {
	rows, err := s.pool.Query(ctx, `SELECT t.tenant_id, `+checkpointColumns+` FROM tenants t LEFT JOIN audit_checkpoints k ON k.tenant_id = t.tenant_id
		WHERE t.tenant_id = ANY($1::uuid[]) AND t.cell_id = $2`, uuids(tenants), cell)
	if err != nil {
		return nil, outage(err)
	}
	found, err := pgx.CollectRows(rows, scanCheckpoint)
	kept := make(map[tenancy.ID]*controlplane.KeptCheckpoint, len(found))
	for i := range found {
		kept[found[i].Tenant] = &found[i]
	}
	return kept, outage(err)
}

// Checkpoint returns what is kept of one tenant; the zero value is nothing.
func (s CheckpointStore) Checkpoint(ctx context.Context, id tenancy.ID) (controlplane.KeptCheckpoint, error) {
	rows, err := s.pool.Query(ctx, `SELECT k.tenant_id, `+checkpointColumns+` FROM audit_checkpoints k WHERE k.tenant_id = $1`, [16]byte(id))
	if err != nil {
		return controlplane.KeptCheckpoint{}, outage(err)
	}
	k, err := pgx.CollectExactlyOneRow(rows, scanCheckpoint)
	if errors.Is(err, pgx.ErrNoRows) {
		return controlplane.KeptCheckpoint{}, nil
	}
	return k, outage(err)
}

// Keep stores what changed together with the cell's cursor. What another
// replica stored meanwhile stays if it is newer.
func (s CheckpointStore) Keep(ctx context.Context, cell string, cursor time.Time, changed []*controlplane.KeptCheckpoint) error {
	b := &pgx.Batch{} // one transaction
	for _, k := range changed {
		b.Queue(`
INSERT INTO audit_checkpoints AS k (tenant_id, no, seq, hash, previous, cell, signed_at, public_key, signature, kept_at, suspicion, suspected_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (tenant_id) DO UPDATE SET (no, seq, hash, previous, cell, signed_at, public_key, signature, kept_at, suspicion, suspected_at) =
  (excluded.no, excluded.seq, excluded.hash, excluded.previous, excluded.cell, excluded.signed_at, excluded.public_key, excluded.signature, excluded.kept_at,
   coalesce(nullif(k.suspicion, ''), excluded.suspicion), coalesce(k.suspected_at, excluded.suspected_at))
WHERE excluded.no > k.no OR excluded.no = k.no AND excluded.suspicion <> ''`,
			[16]byte(k.Tenant), k.No, k.Seq, k.Hash[:], k.Previous[:], k.Cell, k.SignedAt, []byte(k.PublicKey), k.Signature, k.KeptAt, k.Suspicion, nullTime(k.SuspectedAt))
	}
	if !cursor.IsZero() {
		b.Queue(`INSERT INTO audit_cursors AS c (cell_id, since) VALUES ($1, $2)
			ON CONFLICT (cell_id) DO UPDATE SET since = greatest(c.since, excluded.since)`, cell, cursor)
	}
	if b.Len() == 0 {
		return nil
	}
	return outage(s.pool.SendBatch(ctx, b).Close())
}

func scanCheckpoint(row pgx.CollectableRow) (k controlplane.KeptCheckpoint, err error) {
	var no, seq *int64
	var cell, suspicion *string
	var signedAt, keptAt, suspectedAt *time.Time
	var hash, previous, key []byte
	err = row.Scan((*[16]byte)(&k.Tenant), &no, &seq, &hash, &previous, &cell, &signedAt, &key, &k.Signature, &keptAt, &suspicion, &suspectedAt)
	if err != nil || no == nil {
		return k, err
	}
	k.No, k.Seq, k.Cell, k.SignedAt, k.PublicKey, k.KeptAt, k.Suspicion = *no, *seq, *cell, *signedAt, key, *keptAt, *suspicion
	copy(k.Hash[:], hash)
	copy(k.Previous[:], previous)
	if suspectedAt != nil {
		k.SuspectedAt = *suspectedAt
	}
	return k, nil
}
