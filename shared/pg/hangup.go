package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ThroughHangUps is ctx without its cancellation, for statements that are on
// their way. The driver can end those only by closing the connection, so that
// clients who hang up early would keep the database busy with letting in new
// ones. A deadline holds. What has none gets atMost; if that is 0, it is no
// client's and stays as it is.
func ThroughHangUps(ctx context.Context, atMost time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	switch {
	case ok:
		return context.WithDeadline(context.WithoutCancel(ctx), deadline)
	case atMost > 0:
		return context.WithTimeout(context.WithoutCancel(ctx), atMost)
	}
	return ctx, func() {}
}

// Patient is a pool whose statements and transactions go through hang-ups.
// Connections that are acquired from it are as those of any pool.
type Patient struct {
	*pgxpool.Pool
	AtMost time.Duration // of a statement or transaction whose context has no deadline
}

// Exec is [pgxpool.Pool.Exec]. A client that has gone already asks nothing.
func (p Patient) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	ctx, cancel := ThroughHangUps(ctx, p.AtMost)
	defer cancel()
	return conn.Exec(ctx, sql, args...)
}

// Query is [pgxpool.Pool.Query]. The rows must be closed, also after the last.
func (p Patient) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := ThroughHangUps(ctx, p.AtMost)
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		cancel()
		conn.Release()
		return nil, err
	}
	return &patientRows{Rows: rows, done: func() { cancel(); conn.Release() }}, nil
}

// QueryRow is [pgxpool.Pool.QueryRow]. The row must be scanned.
func (p Patient) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := p.Query(ctx, sql, args...)
	return patientRow{rows, err}
}

// patientRows gives its connection back when it is closed.
type patientRows struct {
	pgx.Rows
	done func()
}

// Close implements [pgx.Rows]; it may be called twice.
func (r *patientRows) Close() {
	r.Rows.Close()
	if r.done != nil {
		r.done()
		r.done = nil
	}
}

type patientRow struct {
	rows pgx.Rows
	err  error
}

// Scan implements [pgx.Row].
func (r patientRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// InTx is [InTx] on the pool. A transaction that has begun is not broken off
// because its caller goes: whatever context fn gives, its statements have that
// of the transaction.
func (p Patient) InTx(ctx context.Context, fn func(pgx.Tx) error) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	ctx, cancel := ThroughHangUps(ctx, p.AtMost)
	defer cancel()
	return InTx(ctx, conn, pgx.TxOptions{}, func(tx pgx.Tx) error { return fn(patientTx{tx, ctx}) })
}

// patientTx runs every statement in one context.
type patientTx struct {
	pgx.Tx
	ctx context.Context
}

// Exec implements [pgx.Tx].
func (t patientTx) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.Tx.Exec(t.ctx, sql, args...)
}

// Query implements [pgx.Tx].
func (t patientTx) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.Tx.Query(t.ctx, sql, args...)
}

// QueryRow implements [pgx.Tx].
func (t patientTx) QueryRow(_ context.Context, sql string, args ...any) pgx.Row {
	return t.Tx.QueryRow(t.ctx, sql, args...)
}

// SendBatch implements [pgx.Tx].
func (t patientTx) SendBatch(_ context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.Tx.SendBatch(t.ctx, b)
}

// CopyFrom implements [pgx.Tx].
func (t patientTx) CopyFrom(_ context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.Tx.CopyFrom(t.ctx, table, columns, rows)
}
