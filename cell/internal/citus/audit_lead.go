package citus

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The advisory locks that the one sealer and the one trimmer of a cell hold.
const (
	sealerLock  = 0x7365616c // "seal"
	trimmerLock = 0x7472696d // "trim"
)

// AuditLock is the right to seal the audit log, or to remove its beginnings: a
// lock on a connection of its own. Whoever loses the connection has lost the lock.
type AuditLock struct {
	conn *pgxpool.Conn
	lock int64
}

// LeadSealing tries to become the cell's one sealer. It returns nil without an
// error while another process is.
func (m *Mover) LeadSealing(ctx context.Context) (*AuditLock, error) { return m.lead(ctx, sealerLock) }

// LeadTrimming tries to become the cell's one trimmer, likewise.
func (m *Mover) LeadTrimming(ctx context.Context) (*AuditLock, error) {
	return m.lead(ctx, trimmerLock)
}

func (m *Mover) lead(ctx context.Context, lock int64) (*AuditLock, error) {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return nil, translate(err, nil)
	}
	var won bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lock).Scan(&won); err != nil || !won {
		conn.Release()
		return nil, translate(err, nil)
	}
	return &AuditLock{conn: conn, lock: lock}, nil
}

// Held returns an error if the lock is lost.
func (l *AuditLock) Held(ctx context.Context) error {
	if err := l.conn.Ping(ctx); err != nil {
		return fmt.Errorf("the session that holds the lock: %w", err)
	}
	return nil
}

// Resign gives the lock back.
func (l *AuditLock) Resign() {
	conn := l.conn.Hijack()
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = conn.Exec(closing, `SELECT pg_advisory_unlock($1)`, l.lock) // or the server does it when the session ends
	closeQuietly(closing, conn)
}
