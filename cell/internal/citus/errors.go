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

const retryDatabase = time.Second

// translate turns an error of the database into a fault. Faults and refusals
// pass unchanged; what it does not know stays an internal error.
func translate(err error, broken constraints) error {
	var refused *cell.Refused
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return refused
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

// unreachable reports whether another try may succeed: the server cannot be
// reached, is overloaded, starting, stopping, or gave up waiting for a lock.
func unreachable(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		switch server.Code[:min(2, len(server.Code))] {
		case "08", "53", "57", "40":
			return true
		}
		return server.Code == "55P03"
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err) || errors.Is(err, net.ErrClosed)
}
