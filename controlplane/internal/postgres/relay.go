package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// relayLock is the advisory lock that the one relaying replica holds. It is
// the session's, so that it ends with the process however that ends.
const relayLock = 0x636f6469 // arbitrary, only it must be the same everywhere

// Outbox is the change log as its relay sees it: what was committed, and how
// much of it was relayed. It lives as long as the leadership that made it.
type Outbox struct{ conn *pgxpool.Conn }

// Lead runs fn if no other replica relays at the moment, and reports whether
// it did. When fn returns, or its connection is lost, the leadership is over.
func (s DirectoryStore) Lead(ctx context.Context, fn func(context.Context, Outbox) error) (led bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, outage(err)
	}
	defer conn.Release()
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, relayLock).Scan(&led); err != nil || !led {
		return false, outage(err)
	}
	defer func() {
		// A connection whose lock is not surely released must not be reused.
		if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, relayLock); unlockErr != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	return true, fn(ctx, Outbox{conn})
}

// Pending returns the run of changes after the watermark.
func (o Outbox) Pending(ctx context.Context, limit int) (directory.Changes, error) {
	var relayed uint64
	if err := o.conn.QueryRow(ctx, `SELECT relayed FROM directory_relay`).Scan(&relayed); err != nil {
		return directory.Changes{}, outage(err)
	}
	run, err := readChanges(ctx, o.conn, relayed, limit)
	if err == nil && len(run.Changes) > 0 && run.Changes[0].Version != relayed+1 {
		err = fmt.Errorf("change log: version %d follows %d", run.Changes[0].Version, relayed)
	}
	return run, err
}

// Relayed moves the watermark, if it still stands where the run began.
func (o Outbox) Relayed(ctx context.Context, from, to uint64) error {
	tag, err := o.conn.Exec(ctx, `UPDATE directory_relay SET relayed = $2 WHERE relayed = $1`, from, to)
	if err == nil && tag.RowsAffected() == 0 {
		return fault.New(fault.Stale, "the relay's watermark is no longer %d", from)
	}
	return outage(err)
}

// Lag returns how many changes wait to be relayed.
func (s DirectoryStore) Lag(ctx context.Context) (uint64, error) {
	var lag uint64
	err := s.pool.QueryRow(ctx, `SELECT n.version - r.relayed FROM directory_counter n, directory_relay r`).Scan(&lag)
	return lag, outage(err)
}
