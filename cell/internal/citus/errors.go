package citus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// constraints says what a broken constraint means to the client.
type constraints map[string]*fault.Error

const (
	lockNotAvailable = "55P03"
	dataException    = "22" // the class of values that do not fit
	brokenConstraint = "23" // likewise
)

const retryDatabase = time.Second

// translate turns an error of the database into a fault. Faults and refusals
// pass unchanged; what it does not know stays an internal error.
func translate(err error, broken constraints) error {
	var refused *cell.Refused
	var replayed *cell.Replayed
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &replayed):
		return replayed
	case errors.As(err, &known):
		return known
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.NotFound, "no such resource")
	}
	if f := broken[pg.Constraint(err)]; f != nil {
		return f
	}
	if unreachable(err) {
		return fault.Wrap(err, fault.Unavailable, "the cell's database does not answer; try again").After(retryDatabase)
	}
	return fmt.Errorf("database: %w", err)
}

// outOfTime turns what failed because the request's own time was over into a
// timeout. Whether a write took effect is then not known.
func outOfTime(ctx context.Context, err error) error {
	var refused *cell.Refused
	var replayed *cell.Replayed
	code := fault.CodeOf(err)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &refused) || errors.As(err, &replayed) || code != fault.Internal && code != fault.Unavailable {
		return err
	}
	return fault.Wrap(err, fault.Timeout, "the request's time was over before the cell had an answer")
}

// unreachable reports whether another try may succeed: the server cannot be
// reached, is overloaded, starting, stopping, or gave up waiting for a lock.
func unreachable(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		switch server.Code[:min(2, len(server.Code))] {
		case "08", "53", "57", "40":
			return true
		}
		return server.Code == lockNotAvailable
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err) || errors.Is(err, net.ErrClosed)
}

// sqlState is the server's code of an error; "" of one that is not the server's.
func sqlState(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return ""
}
