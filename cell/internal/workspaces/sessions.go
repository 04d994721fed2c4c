package workspaces

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// SessionStore keeps users' sessions. It is an interface because use-cases do
// not know the database.
type SessionStore interface {
	ListSessions(ctx context.Context, call *cell.Call, user uuid.UUID) ([]cell.Session, error)
	EndSession(ctx context.Context, call *cell.Call, user, id uuid.UUID, how cell.SessionEnd, entry cell.AuditEntry) error
	EndSessions(ctx context.Context, call *cell.Call, user uuid.UUID, now time.Time, entry cell.AuditEntry) error
	BeginSession(ctx context.Context, call *cell.Call, session cell.Session, hash []byte, entry cell.AuditEntry) (cell.Session, error)
	CheckSession(ctx context.Context, call *cell.Call, hash []byte) (cell.Session, cell.User, error)
}

// Sessions are the use-cases of sessions. A user may see and end its own
// without the permission; who signs users in begins and checks them.
type Sessions struct{ Store SessionStore }

// List returns a user's sessions that go on, oldest first.
func (s Sessions) List(ctx context.Context, call *cell.Call, user uuid.UUID) ([]cell.Session, error) {
	call.Self = user
	return s.Store.ListSessions(ctx, call, user)
}

// End ends one session of a user, and the tokens that were given in it.
func (s Sessions) End(ctx context.Context, call *cell.Call, user, id uuid.UUID, how cell.SessionEnd) error {
	call.Self = user
	return s.Store.EndSession(ctx, call, user, id, how, sessionEntry("session.ended", id, user))
}

// EndAll ends all sessions of a user, and all tokens that were given so far.
func (s Sessions) EndAll(ctx context.Context, call *cell.Call, user uuid.UUID) error {
	call.Self = user
	return s.Store.EndSessions(ctx, call, user, time.Now(), sessionEntry("session.all_ended", user, user))
}

// Begin makes a session of the given user, place and length. Its secret is
// returned here and never again.
func (s Sessions) Begin(ctx context.Context, call *cell.Call, session cell.Session, length time.Duration) (cell.Session, cell.Secret, error) {
	secret := cell.NewSecret()
	session.ID, session.ExpiresAt = newID(), time.Now().Add(length)
	session, err := s.Store.BeginSession(ctx, call, session, secret.Hash(), sessionEntry("session.begun", session.ID, session.UserID))
	return session, secret, err
}

// Check returns the session that the secret opens, and its user.
func (s Sessions) Check(ctx context.Context, call *cell.Call, secret cell.Secret) (cell.Session, cell.User, error) {
	return s.Store.CheckSession(ctx, call, secret.Hash())
}

func sessionEntry(action string, id, user uuid.UUID) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "session", SubjectID: id, Details: map[string]any{"user_id": user}}
}
