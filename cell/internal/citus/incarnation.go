package citus

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// The timeline stands in the name of the log's file. pg_control says it too, but
// after a promotion only once a checkpoint was made.
const (
	foundSQL = `SELECT system_identifier::text AS system_id, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint AS timeline
		FROM pg_control_system()`
	incarnationSQL = `SELECT f.system_id, f.timeline, i.system_id, i.timeline FROM (` + foundSQL + `) AS f, incarnation i`
)

// Watch is a connection of its own to the server. Another server cannot take the
// place of that one without ending it.
type Watch struct{ conn *pgx.Conn }

// WatchServer connects to the database.
func (m *Mover) WatchServer(ctx context.Context) (*Watch, error) { return watch(ctx, m.pool) }

// WatchServer connects to the database.
func (r *Relay) WatchServer(ctx context.Context) (*Watch, error) { return watch(ctx, r.pool) }

func watch(ctx context.Context, pool *pgxpool.Pool) (*Watch, error) {
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		return nil, describeConnect(err)
	}
	return &Watch{conn}, nil
}

// Close ends the connection.
func (w *Watch) Close() {
	const patience = time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = w.conn.Close(ctx) // nothing is under way on it
}

// Look says which database it is. A server that is still recovering has no
// answer, which is an error.
func (w *Watch) Look(ctx context.Context) (cell.DatabaseStanding, error) {
	s, err := standingOf(ctx, w.conn)
	return s, translate(err, nil)
}

// Rest returns nil after the time, and an error as soon as the connection ends.
func (w *Watch) Rest(ctx context.Context, d time.Duration) error {
	resting, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := w.conn.WaitForNotification(resting) // nobody notifies it: it listens to no channel
	if err != nil && resting.Err() == nil {
		return fmt.Errorf("the database's connection ended: %w", err)
	}
	return ctx.Err()
}

func standingOf(ctx context.Context, db querier) (s cell.DatabaseStanding, err error) {
	err = db.QueryRow(ctx, incarnationSQL).Scan(&s.Found.SystemID, &s.Found.Timeline, &s.Trusted.SystemID, &s.Trusted.Timeline)
	return s, err
}

// Standing says which database it is.
func (m *Mover) Standing(ctx context.Context) (cell.DatabaseStanding, error) {
	s, err := standingOf(ctx, m.pool)
	return s, translate(err, nil)
}

// skippedFreezes is how far the numbers of freezes skip ahead: farther than a
// tenant has had freezes since any backup, so that no number of a freeze that
// the backup does not know comes again.
const skippedFreezes = 1_000_000

// Trust has the cell serve from the database, which must still be the given one.
// A database that is trusted already is left alone.
func (m *Mover) Trust(ctx context.Context, found cell.Incarnation) error {
	return m.inTx(ctx, func(tx pgx.Tx) error {
		now, err := standingOf(ctx, tx)
		if err != nil || now.Good() && now.Found == found {
			return err
		}
		if now.Found != found {
			return fault.New(fault.Conflict, "the database is %s by now, not %s: look at its tenants anew", now.Found, found)
		}
		if _, err := tx.Exec(ctx, `UPDATE tenants SET freeze_no = freeze_no + $1`, skippedFreezes); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE incarnation SET system_id = $1, timeline = $2, trusted_at = now()`, found.SystemID, found.Timeline)
		return err
	})
}

// Distrust has the cell serve nobody, although its database is the one that it
// was: no history has the number 0.
func (m *Mover) Distrust(ctx context.Context) error {
	_, err := m.pool.Exec(ctx, `UPDATE incarnation SET timeline = 0`)
	return translate(err, nil)
}
