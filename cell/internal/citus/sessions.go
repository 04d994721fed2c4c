package citus

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const sessionColumns = `session_id, user_id, address, user_agent, expires_at, created_at`

// ListSessions returns a user's sessions that go on, oldest first. The actor is
// the user, or may manage it.
func (s *Store) ListSessions(ctx context.Context, call *cell.Call, user uuid.UUID) ([]cell.Session, error) {
	var sessions []cell.Session
	err := s.read(ctx, call, func(w *work) {
		w.Queue(holderSQL, w.tenant(), user.String()).QueryRow(w.judgeHolder(user, nil))
		q := selectSessions()
		q.and(`user_id = `, user.String())
		q.paged(cell.PageRequest{Limit: cell.MaxSessions}).queue(w).Query(collect(&sessions, scanSession))
	})
	return sessions, err
}

func selectSessions() selection {
	q := rowsOf(sessionColumns, `sessions`, `tenant_id`, `session_id`)
	q.where += ` AND expires_at > now() AND ended_at IS NULL`
	q.parent = `user_id = ?`
	return q
}

// EndSession ends one session of a user, and remembers how. The actor is the user,
// or may manage it.
func (s *Store) EndSession(ctx context.Context, call *cell.Call, user, id uuid.UUID, how cell.SessionEnd, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockHolder(user, nil)
		w.Queue(`UPDATE sessions SET ended_at = now(), signed_out = $4, address = '', user_agent = '' WHERE tenant_id = $1 AND user_id = $2 AND session_id = $3 AND ended_at IS NULL RETURNING session_id`,
			w.tenant(), user.String(), id.String(), how == cell.SessionSignedOut).QueryRow(func(r pgx.Row) error { return r.Scan(&id) })
		w.audit(entry)
	})
}

// EndSessions ends all sessions of a user and the tokens of each. The actor is the
// user, or may manage it.
func (s *Store) EndSessions(ctx context.Context, call *cell.Call, user uuid.UUID, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockHolder(user, nil)
		w.endSessions(user, now)
		w.audit(entry)
	})
}

// endSessions ends a user's sessions and, by the moment that Standing tells, all
// tokens that were given before it: those, too, of sessions that are over. Of what
// has just begun that moment says nothing, since the time of some logins is known to
// the second only: it is kept as ended.
func (w *work) endSessions(user uuid.UUID, now time.Time) {
	const moment = 2 * time.Second
	w.Queue(ensureCredentialsSQL, w.tenant(), user.String())
	w.Queue(revokeSessionsSQL, w.tenant(), user.String(), now)
	w.Queue(`DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND created_at <= $3`, w.tenant(), user.String(), now.Add(-moment))
	w.Queue(`UPDATE sessions SET ended_at = now(), signed_out = false, address = '', user_agent = '' WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.String())
}

// BeginSession adds a session of an active user with the hash of its secret,
// and removes those that are over or too many.
func (s *Store) BeginSession(ctx context.Context, call *cell.Call, session cell.Session, hash []byte, entry cell.AuditEntry) (cell.Session, error) {
	var made cell.Session
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`SELECT user_id FROM users WHERE tenant_id = $1 AND user_id = $2 AND status = 'active' FOR UPDATE`, w.tenant(), session.UserID.String()).
			QueryRow(func(r pgx.Row) error { return r.Scan(&session.UserID) })
		w.Queue(`DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL AND (expires_at <= now() OR session_id IN (
			SELECT session_id FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL ORDER BY session_id DESC OFFSET $3))`,
			w.tenant(), session.UserID.String(), cell.MaxSessions-1)
		w.Queue(`INSERT INTO sessions (tenant_id, session_id, user_id, secret_hash, address, user_agent, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			RETURNING `+sessionColumns, w.tenant(), session.ID.String(), session.UserID.String(), hash, session.Address, session.UserAgent, session.ExpiresAt).
			QueryRow(into(&made, scanSession))
		w.audit(entry)
	})
	return made, err
}

// CheckSession returns the session that a secret opens, and its user, if it goes
// on and the user is active.
func (s *Store) CheckSession(ctx context.Context, call *cell.Call, hash []byte) (cell.Session, cell.User, error) {
	var session cell.Session
	var user cell.User
	err := s.read(ctx, call, func(w *work) {
		w.Queue(`SELECT `+sessionColumns+` FROM sessions WHERE tenant_id = $1 AND secret_hash = $2 AND expires_at > now() AND ended_at IS NULL`, w.tenant(), hash).
			QueryRow(func(r pgx.Row) error { return noSession(into(&session, scanSession)(r)) })
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND status = 'active' AND user_id = (
			SELECT user_id FROM sessions WHERE tenant_id = $1 AND secret_hash = $2)`, w.tenant(), hash).
			QueryRow(func(r pgx.Row) error { return noSession(into(&user, scanUser)(r)) })
	})
	return session, user, err
}

func noSession(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Unauthenticated, "the session is over, or never was; sign in again")
	}
	return err
}

func scanSession(r row) (cell.Session, error) {
	var s cell.Session
	err := r.Scan(&s.ID, &s.UserID, &s.Address, &s.UserAgent, &s.ExpiresAt, &s.CreatedAt)
	return s, err
}
