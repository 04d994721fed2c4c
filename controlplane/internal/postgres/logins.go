package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
)

// LoginStore keeps which sessions the authorization server has of somebody.
type LoginStore struct{ *DB }

// NoteLogin adds a session, or says anew whose it is. Each removes a few of those
// that are over, so that they never become many.
func (s LoginStore) NoteLogin(ctx context.Context, l controlplane.LoginSession) error {
	batch := &pgx.Batch{}
	batch.Queue(`
INSERT INTO logins (login_id, subject, session, ends_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (login_id) DO UPDATE SET subject = excluded.subject, session = excluded.session, ends_at = excluded.ends_at`,
		l.ID, l.Subject, [16]byte(l.Session), l.EndsAt)
	batch.Queue(`
DELETE FROM logins WHERE login_id IN (SELECT login_id FROM logins WHERE ends_at < now() ORDER BY ends_at LIMIT 10 FOR UPDATE SKIP LOCKED)`)
	return outage(s.pool.SendBatch(ctx, batch).Close())
}

// LoginsOf returns those of a subject's sessions that are not over.
func (s LoginStore) LoginsOf(ctx context.Context, subject string, now time.Time) ([]controlplane.LoginSession, error) {
	rows, err := s.pool.Query(ctx, `SELECT login_id, session, ends_at FROM logins WHERE subject = $1 AND ends_at > $2 ORDER BY ends_at`, subject, now)
	if err != nil {
		return nil, outage(err)
	}
	logins, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (controlplane.LoginSession, error) {
		l := controlplane.LoginSession{Subject: subject}
		return l, row.Scan(&l.ID, (*[16]byte)(&l.Session), &l.EndsAt)
	})
	return logins, outage(err)
}
