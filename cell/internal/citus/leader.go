package citus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// relayLock is the advisory lock that the one relay of a cell holds.
const relayLock = 0x63656c6c // "cell"

// Leadership is the relay's lock and its ear, both on one connection: whoever
// loses the connection has lost the lock.
type Leadership struct{ conn *pgxpool.Conn }

// Lead tries to become the cell's one relay. It returns nil without an error
// while another process is.
func (r *Relay) Lead(ctx context.Context) (*Leadership, error) {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nil, translate(err, nil)
	}
	var won bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, relayLock).Scan(&won); err != nil || !won {
		conn.Release()
		return nil, translate(err, nil)
	}
	l := &Leadership{conn: conn}
	if _, err := conn.Exec(ctx, `LISTEN `+JobsChannel); err != nil {
		l.Resign()
		return nil, translate(err, nil)
	}
	return l, nil
}

// Await returns when somebody enqueued a job, or after the given time. An
// error means that leadership is lost.
func (l *Leadership) Await(ctx context.Context, longest time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	_, err := l.conn.Conn().WaitForNotification(waiting)
	switch {
	case err == nil:
		return l.drain()
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded) && !l.conn.Conn().IsClosed():
		return nil
	}
	return fmt.Errorf("wait for notifications: %w", err)
}

// drain takes the notifications that have arrived already: one look at the
// table answers them all.
func (l *Leadership) drain() error {
	now, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	for {
		if _, err := l.conn.Conn().WaitForNotification(now); err != nil {
			if l.conn.Conn().IsClosed() {
				return fmt.Errorf("read notifications: %w", err)
			}
			return nil
		}
	}
}

// Resign gives the lock back and ends its connection. Ending the connection
// would do, but later: the server notices it in its own time.
func (l *Leadership) Resign() {
	conn := l.conn.Hijack()
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = conn.Exec(closing, `SELECT pg_advisory_unlock($1)`, relayLock)
	closeQuietly(closing, conn)
}

// closeQuietly: the server ends the session either way.
func closeQuietly(ctx context.Context, conn *pgx.Conn) { _ = conn.Close(ctx) }
