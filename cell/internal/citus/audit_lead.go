package citus

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// sealerLock is the advisory lock that the one sealer of a cell holds.
const sealerLock = 0x7365616c // "seal"

// SealerLock is the right to seal the audit log: a lock on a connection of its
// own. Whoever loses the connection has lost the lock.
type SealerLock struct{ conn *pgxpool.Conn }

// LeadSealing tries to become the cell's one sealer. It returns nil without an
// error while another process is.
func (m *Mover) LeadSealing(ctx context.Context) (*SealerLock, error) {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return nil, translate(err, nil)
	}
	var won bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, sealerLock).Scan(&won); err != nil || !won {
		conn.Release()
		return nil, translate(err, nil)
	}
	return &SealerLock{conn: conn}, nil
}

// Held returns an error if the lock is lost.
func (l *SealerLock) Held(ctx context.Context) error {
	if err := l.conn.Ping(ctx); err != nil {
		return fmt.Errorf("the sealer's session: %w", err)
	}
	return nil
}

// Resign gives the lock back.
func (l *SealerLock) Resign() {
	conn := l.conn.Hijack()
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = conn.Exec(closing, `SELECT pg_advisory_unlock($1)`, sealerLock) // or the server does it when the session ends
	closeQuietly(closing, conn)
}
