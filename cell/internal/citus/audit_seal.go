package citus

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// chainedColumns are those that scanAuditRow reads, of audit_logs AS a.
const chainedColumns = `a.tenant_id, a.audit_id, a.at, a.actor_kind, a.actor_id, a.actor_client, a.actor_subject, a.action, a.subject_type, a.subject_id,
	a.request_id, a.details::text`

const (
	newRowsSQL = `
SELECT t.epoch, ` + chainedColumns + ` FROM audit_logs a
JOIN tenants t ON t.tenant_id = a.tenant_id JOIN tenant_gate g ON g.tenant_id = a.tenant_id
WHERE a.at > now() - $1::interval AND t.state = 'live' AND g.open
	AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.tenant_id = a.tenant_id AND c.audit_id = a.audit_id)
ORDER BY a.at LIMIT $2`
	backlogSQL = `
SELECT t.epoch, ` + chainedColumns + ` FROM audit_logs a
JOIN tenants t ON t.tenant_id = a.tenant_id
WHERE a.tenant_id = $1 AND a.audit_id >= $2 AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.tenant_id = $1 AND c.audit_id = a.audit_id)
ORDER BY a.audit_id LIMIT $3`
	// mayWriteSQL holds the tenant's fence still.
	mayWriteSQL = `SELECT t.state = 'live' FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id WHERE t.tenant_id = $1 AND g.open FOR SHARE OF t`
)

// NewRows returns rows that have no place in their chain and were written
// within the window, of tenants that may be served: up to limit, the oldest
// first.
func (m *Mover) NewRows(ctx context.Context, window time.Duration, limit int) ([]cell.AuditBatch, error) {
	rows, err := m.pool.Query(ctx, newRowsSQL, window, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	var batches []cell.AuditBatch
	place := map[tenancy.ID]int{}
	err = forEachAuditRow(rows, func(epoch uint64, row cell.AuditRow) {
		i, known := place[row.Tenant]
		if !known {
			i = len(batches)
			place[row.Tenant] = i
			batches = append(batches, cell.AuditBatch{Tenant: row.Tenant, Epoch: epoch})
		}
		batches[i].Rows = append(batches[i].Rows, row)
	})
	for _, b := range batches {
		slices.SortFunc(b.Rows, func(a, b cell.AuditRow) int { return strings.Compare(a.Entry.ID.String(), b.Entry.ID.String()) })
	}
	return batches, translate(err, nil)
}

// Backlog returns every row that has no place, up to limit a tenant, the least
// ids first, except those that are older by grace than the newest that has one.
// Of tenants without such rows only those whose chain is longer than what was
// signed have a batch, an empty one.
func (m *Mover) Backlog(ctx context.Context, tenants []tenancy.ID, limit int, grace time.Duration) ([]cell.AuditBatch, error) {
	ends, err := m.chainEnds(ctx, tenants)
	if err != nil {
		return nil, translate(err, nil)
	}
	batches := make([]cell.AuditBatch, len(tenants))
	b := &pgx.Batch{}
	for i, tenant := range tenants {
		oldest := cell.FirstIDAt(cell.TimeOfID(ends[i].Link.Newest).Add(-grace))
		batches[i].Tenant = tenant
		b.Queue(backlogSQL, tenant.String(), oldest.String(), limit).Query(func(rows pgx.Rows) error {
			err := forEachAuditRow(rows, func(epoch uint64, row cell.AuditRow) {
				batches[i].Epoch = epoch
				batches[i].Rows = append(batches[i].Rows, row)
			})
			batches[i].Whole = len(batches[i].Rows) < limit
			return err
		})
	}
	err = m.pool.SendBatch(ctx, b).Close()
	var some []cell.AuditBatch
	for i, batch := range batches {
		if len(batch.Rows) > 0 || ends[i].Link.Seq > ends[i].Checkpoint.Seq {
			some = append(some, batch)
		}
	}
	return some, translate(err, nil)
}

// LiveTenants lists tenants that the cell serves, in the order of ids, after
// the given one.
func (m *Mover) LiveTenants(ctx context.Context, after tenancy.ID, limit int) ([]cell.Resident, error) {
	rows, err := m.pool.Query(ctx, `SELECT tenant_id, epoch FROM tenants WHERE tenant_id > $1 AND state = 'live' ORDER BY tenant_id LIMIT $2`, after.String(), limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	tenants, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t cell.Resident, err error) {
		err = r.Scan((*uuid.UUID)(&t.Tenant), &t.Epoch)
		return t, err
	})
	return tenants, translate(err, nil)
}

// ListCheckpoints returns checkpoints of all tenants that were signed then or
// later, the oldest first.
func (m *Mover) ListCheckpoints(ctx context.Context, since time.Time, limit int) ([]cell.Checkpoint, error) {
	rows, err := m.pool.Query(ctx, `SELECT `+checkpointColumns+` FROM audit_checkpoints WHERE signed_at >= $1 ORDER BY signed_at LIMIT $2`, since, limit)
	if err != nil {
		return nil, translate(err, nil)
	}
	var checkpoints []cell.Checkpoint
	err = collect(&checkpoints, scanCheckpoint)(rows)
	return checkpoints, translate(err, nil)
}

func (m *Mover) chainEnds(ctx context.Context, tenants []tenancy.ID) ([]cell.ChainEnd, error) {
	ends := make([]cell.ChainEnd, len(tenants))
	b := &pgx.Batch{}
	for i, tenant := range tenants {
		queueChainEnd(b, tenant, &ends[i])
	}
	return ends, m.pool.SendBatch(ctx, b).Close()
}

// ExtendChains writes what seal makes of the batches, in one transaction: two
// round trips, whatever their number. It is a write like any other: it holds
// each tenant's fence still and leaves out those that may not be written. Rows
// that got their place meanwhile break the chain's keys, and nothing is written.
func (m *Mover) ExtendChains(ctx context.Context, batches []cell.AuditBatch, seal func(cell.ChainEnd, cell.AuditBatch) cell.Extension) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		ends, open := make([]cell.ChainEnd, len(batches)), make([]bool, len(batches))
		look := &pgx.Batch{}
		for i, b := range batches {
			look.Queue(mayWriteSQL, b.Tenant.String()).QueryRow(flag(&open[i]))
			queueChainEnd(look, b.Tenant, &ends[i])
			look.Queue(`SELECT `+endpointColumns+` FROM webhook_endpoints WHERE tenant_id = $1 AND active`, b.Tenant.String()).
				Query(collect(&ends[i].Endpoints, scanEndpoint))
		}
		if err := tx.SendBatch(ctx, look).Close(); err != nil {
			return err
		}
		write := &pgx.Batch{}
		for i, b := range batches {
			if open[i] {
				queueExtension(write, b.Tenant, seal(ends[i], b))
			}
		}
		if write.Len() == 0 {
			return nil
		}
		return tx.SendBatch(ctx, write).Close()
	})
}

func queueExtension(b *pgx.Batch, tenant tenancy.ID, made cell.Extension) {
	if len(made.Links) > 0 {
		c := linkColumnsOf(made.Links)
		b.Queue(`INSERT INTO audit_chain (tenant_id, seq, audit_id, hash, newest)
			SELECT $1, seq, audit_id, hash, newest FROM unnest($2::bigint[], $3::uuid[], $4::bytea[], $5::uuid[]) AS l (seq, audit_id, hash, newest)`,
			tenant.String(), c.seq, c.auditID, c.hash, c.newest)
		b.Queue(`SELECT pg_notify('`+EventsChannel+`', $1)`, tenant.String())
	}
	if p := made.Checkpoint; p != nil {
		b.Queue(`INSERT INTO audit_checkpoints (`+checkpointColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			tenant.String(), p.No, p.Seq, p.Hash[:], p.Previous[:], p.Cell, p.SignedAt, []byte(p.PublicKey), p.Signature)
	}
	if made.Horizon != nil {
		queueDrawn(b, *made.Horizon)
	}
	if len(made.Deliveries) > 0 {
		queueDeliveries(b, tenant, made.Deliveries)
	}
}

type linkColumns struct {
	seq             []int64
	auditID, newest [][16]byte
	hash            [][]byte
}

func linkColumnsOf(links []cell.Link) linkColumns {
	var c linkColumns
	for i, l := range links {
		c.seq = append(c.seq, l.Seq)
		c.auditID, c.newest = append(c.auditID, l.AuditID), append(c.newest, l.Newest)
		c.hash = append(c.hash, links[i].Hash[:])
	}
	return c
}

func forEachAuditRow(rows pgx.Rows, do func(epoch uint64, row cell.AuditRow)) error {
	defer rows.Close()
	for rows.Next() {
		var epoch uint64
		var row auditRow
		if err := rows.Scan(append([]any{&epoch}, row.dest()...)...); err != nil {
			return err
		}
		do(epoch, row.noun())
	}
	return rows.Err()
}

// flag reads one boolean; no row is false.
func flag(into *bool) func(pgx.Row) error {
	return func(r pgx.Row) error {
		return orNothing(r.Scan(into))
	}
}
