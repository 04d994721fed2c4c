package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// DB is the control plane's database. The stores are views of it.
type DB struct {
	pool pg.Patient
	now  func() time.Time
}

// New returns the stores' common part. The clock gives the times that are
// recorded; nothing is decided by it.
func New(pool *pgxpool.Pool, clock func() time.Time) *DB {
	return &DB{pool: pg.Patient{Pool: pool, AtMost: statementLimit}, now: func() time.Time { return clock().UTC() }}
}

// statementLimit bounds a statement, or a transaction of some, whose caller has
// set no deadline: it goes on when the caller has gone, but not for ever.
const statementLimit = 30 * time.Second

// tx runs fn in one transaction. A deadlock or an unreachable server becomes a
// fault that says to try again.
func (db *DB) tx(ctx context.Context, fn func(pgx.Tx) error) error {
	return outage(db.pool.InTx(ctx, fn))
}

// databaseRetry is when a client may expect a database that failed over.
const databaseRetry = 2 * time.Second

// transient are the classes of SQLSTATE that a retry may get past: connection
// lost, rolled back (deadlock), resources used up, server shutting down.
var transient = []string{"08", "40", "53", "57"}

// outage tells errors of reaching the database from errors of using it. A
// deadline is a limit of ours, for a database that does not answer in time, or
// a connection that was not free: as little the caller's mistake as an outage.
func outage(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	var network *net.OpError
	switch {
	case errors.As(err, &server):
		if class := server.Code[:2]; !slices.Contains(transient, class) {
			return err
		}
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.DeadlineExceeded), pgconn.SafeToRetry(err):
	default:
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "the directory's database cannot be reached at the moment").After(databaseRetry)
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}

// none makes a fault of an empty result.
func none(err error, what string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "no such %s", what)
	}
	return outage(err)
}

// nullTime stores the zero time as null.
func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orZero reads null as the zero time.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
