package citus

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	linkColumnNames   = `seq, audit_id, hash, newest`
	checkpointColumns = `tenant_id, no, seq, hash, previous, cell, signed_at, public_key, signature`
)

const chainPageSQL = `
SELECT c.seq, c.audit_id, c.hash, c.newest, ` + chainedColumns + `,
	p.tenant_id, p.no, p.seq, p.hash, p.previous, p.cell, p.signed_at, p.public_key, p.signature
FROM audit_chain c
LEFT JOIN audit_logs a ON a.tenant_id = c.tenant_id AND a.audit_id = c.audit_id
LEFT JOIN audit_checkpoints p ON p.tenant_id = c.tenant_id AND p.seq = c.seq
WHERE c.tenant_id = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3`

const looseRowsSQL = `
SELECT ` + chainedColumns + ` FROM audit_logs a LEFT JOIN audit_chain c ON c.tenant_id = a.tenant_id AND c.audit_id = a.audit_id
WHERE a.tenant_id = $1 AND a.audit_id > $2 AND c.seq IS NULL ORDER BY a.audit_id LIMIT $3`

const looseCheckpointsSQL = `
SELECT p.tenant_id, p.no, p.seq, p.hash, p.previous, p.cell, p.signed_at, p.public_key, p.signature
FROM audit_checkpoints p LEFT JOIN audit_chain c ON c.tenant_id = p.tenant_id AND c.seq = p.seq
WHERE p.tenant_id = $1 AND c.seq IS NULL ORDER BY p.no LIMIT $2`

// ChainReader reads one tenant's chain on behalf of a call, each page a read
// of its own: what is read for long never holds a transaction.
type ChainReader struct {
	store *Store
	call  *cell.Call
}

// ReadChain returns a reader of the chain of the call's tenant.
func (s *Store) ReadChain(call *cell.Call) ChainReader { return ChainReader{store: s, call: call} }

// ChainPage returns up to limit places after the given one.
func (c ChainReader) ChainPage(ctx context.Context, after int64, limit int) ([]cell.ChainRecord, error) {
	var records []cell.ChainRecord
	err := c.store.read(ctx, c.call, func(w *work) {
		w.Queue(chainPageSQL, w.tenant(), after, limit).Query(collect(&records, scanChainRecord))
	})
	return records, err
}

// LooseRows returns up to limit rows without a place, after the given one.
func (c ChainReader) LooseRows(ctx context.Context, after uuid.UUID, limit int) ([]cell.AuditRow, error) {
	var rows []cell.AuditRow
	err := c.store.read(ctx, c.call, func(w *work) {
		w.Queue(looseRowsSQL, w.tenant(), after.String(), limit).Query(collect(&rows, scanAuditRow))
	})
	return rows, err
}

// LooseCheckpoints returns up to limit checkpoints for places that are not there.
func (c ChainReader) LooseCheckpoints(ctx context.Context, limit int) ([]cell.Checkpoint, error) {
	var checkpoints []cell.Checkpoint
	err := c.store.read(ctx, c.call, func(w *work) {
		w.Queue(looseCheckpointsSQL, w.tenant(), limit).Query(collect(&checkpoints, scanCheckpoint))
	})
	return checkpoints, err
}

// Horizon returns where the log begins; the zero one if nothing was removed.
func (c ChainReader) Horizon(ctx context.Context) (cell.Horizon, error) {
	var h cell.Horizon
	err := c.store.read(ctx, c.call, func(w *work) { queueHorizon(&w.Batch, w.call.Tenant, &h) })
	return h, err
}

// queueChainEnd reads where a tenant's chain ends.
func queueChainEnd(b *pgx.Batch, tenant tenancy.ID, end *cell.ChainEnd) {
	b.Queue(`SELECT `+linkColumnNames+` FROM audit_chain WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1`, tenant.String()).QueryRow(func(r pgx.Row) error {
		var hash []byte
		err := r.Scan(&end.Link.Seq, &end.Link.AuditID, &hash, &end.Link.Newest)
		copy(end.Link.Hash[:], hash)
		return orNothing(err)
	})
	b.Queue(`SELECT `+checkpointColumns+` FROM audit_checkpoints WHERE tenant_id = $1 ORDER BY no DESC LIMIT 1`, tenant.String()).QueryRow(func(r pgx.Row) error {
		var p checkpointRow
		err := r.Scan(p.dest()...)
		end.Checkpoint = p.noun()
		return orNothing(err)
	})
	queueHorizon(b, tenant, &end.Horizon)
}

// orNothing: that there is no row is an answer.
func orNothing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

func scanChainRecord(r row) (cell.ChainRecord, error) {
	var record cell.ChainRecord
	var a auditRow
	var p checkpointRow
	var hash []byte
	link := []any{&record.Link.Seq, &record.Link.AuditID, &hash, &record.Link.Newest}
	if err := r.Scan(append(append(link, a.dest()...), p.dest()...)...); err != nil {
		return record, err
	}
	copy(record.Link.Hash[:], hash)
	if a.id != nil {
		noun := a.noun()
		record.Row = &noun
	}
	if p.no != nil {
		noun := p.noun()
		record.Checkpoint = &noun
	}
	return record, nil
}

// auditRow receives chainedColumns, which are all null where an outer join
// found nothing.
type auditRow struct {
	tenant, id, actor, subject          *uuid.UUID
	at                                  *time.Time
	kind, client, tokenSubject, action  *string
	subjectType, requestID, detailsAsIs *string
}

func (a *auditRow) dest() []any {
	return []any{&a.tenant, &a.id, &a.at, &a.kind, &a.actor, &a.client, &a.tokenSubject, &a.action, &a.subjectType, &a.subject, &a.requestID, &a.detailsAsIs}
}

func (a *auditRow) noun() cell.AuditRow {
	return cell.AuditRow{
		Tenant: tenancy.ID(orZero(a.tenant)), Details: orZero(a.detailsAsIs),
		Entry: cell.AuditEntry{
			ID: orZero(a.id), At: orZero(a.at), ActorKind: cell.ActorKind(orZero(a.kind)), ActorID: orZero(a.actor), Client: orZero(a.client),
			Subject: orZero(a.tokenSubject), Action: orZero(a.action), SubjectType: orZero(a.subjectType), SubjectID: orZero(a.subject), RequestID: orZero(a.requestID),
		},
	}
}

// checkpointRow receives checkpointColumns, likewise.
type checkpointRow struct {
	tenant                               *uuid.UUID
	no, seq                              *int64
	hash, previous, publicKey, signature []byte
	cell                                 *string
	signedAt                             *time.Time
}

func (p *checkpointRow) dest() []any {
	return []any{&p.tenant, &p.no, &p.seq, &p.hash, &p.previous, &p.cell, &p.signedAt, &p.publicKey, &p.signature}
}

func scanCheckpoint(r row) (cell.Checkpoint, error) {
	var p checkpointRow
	err := r.Scan(p.dest()...)
	return p.noun(), err
}

func (p *checkpointRow) noun() cell.Checkpoint {
	c := cell.Checkpoint{
		Tenant: tenancy.ID(orZero(p.tenant)), No: orZero(p.no), Seq: orZero(p.seq), Cell: orZero(p.cell), SignedAt: orZero(p.signedAt),
		PublicKey: p.publicKey, Signature: p.signature,
	}
	copy(c.Hash[:], p.hash)
	copy(c.Previous[:], p.previous)
	return c
}

func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
