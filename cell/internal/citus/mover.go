package citus

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// Mover is the door for a tenant's life in the cell. It alone changes the
// fence. It is safe for concurrent use.
type Mover struct {
	pool   *pgxpool.Pool
	nodes  nodes
	shapes atomic.Pointer[[]shape] // see learnShapes
	recent atomic.Pointer[recentTables]
}

// OpenMover returns a mover on dsn, which names the role cell_mover and leads
// to Postgres directly. It does not connect yet.
func OpenMover(ctx context.Context, dsn string, maxConns int32) (*Mover, error) {
	pool, err := pg.Open(ctx, dsn, pg.PoolOptions{MaxConns: maxConns})
	if err != nil {
		return nil, err
	}
	return &Mover{pool: pool, nodes: nodes{dsn: dsn, maxConns: maxConns}}, nil
}

// Watch shows how busy the mover's connections are.
func (m *Mover) Watch(registry prometheus.Registerer) { pg.Watch(registry, "mover", m.pool) }

// Close closes every connection.
func (m *Mover) Close() {
	m.pool.Close()
	m.nodes.close()
}

// CheckSchema returns ErrSchema if `cell schema up` has to be run first.
func (m *Mover) CheckSchema(ctx context.Context) error { return checkSchema(ctx, m.pool) }

// inTx is one transaction of the mover.
func (m *Mover) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return m.inTxOf(ctx, pgx.TxOptions{}, fn)
}

func (m *Mover) inTxOf(ctx context.Context, opts pgx.TxOptions, fn func(pgx.Tx) error) error {
	return translate(pg.InTx(ctx, m.pool, opts, fn), nil)
}

// record is the fence's row with what only the mover needs.
type record struct {
	cell.Fence
	contentHash []byte
}

// lockRecord reads a tenant's fence for change. A tenant that is not here has
// the state absent.
func lockRecord(ctx context.Context, tx pgx.Tx, id tenancy.ID) (record, error) {
	r := record{Fence: cell.Fence{TenantID: id}}
	return r, r.scan(tx.QueryRow(ctx, lockRecordSQL, id.String()))
}

const lockRecordSQL = `SELECT slug, state, epoch, freeze_no, content_hash FROM tenants WHERE tenant_id = $1 FOR UPDATE`

func (r *record) scan(row pgx.Row) error {
	err := row.Scan(&r.Slug, &r.State, &r.Epoch, &r.FreezeNo, &r.contentHash)
	if errors.Is(err, pgx.ErrNoRows) {
		r.State = cell.Absent
		return nil
	}
	return err
}

func conflict(r record) error {
	return fault.New(fault.Conflict, "the cell holds the tenant in state %s at epoch %d", r.State, r.Epoch)
}
