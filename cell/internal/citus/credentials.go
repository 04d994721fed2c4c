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

const (
	ensureCredentialsSQL = `INSERT INTO credentials (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	lockCredentialsSQL   = `SELECT password_hash FROM credentials WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE`
	storeHashSQL         = `UPDATE credentials SET password_hash = $3, password_set_at = $4 WHERE tenant_id = $1 AND user_id = $2`
	revokeSessionsSQL    = `UPDATE credentials SET sessions_revoked_at = $3 WHERE tenant_id = $1 AND user_id = $2`
	standingSQL          = `
SELECT u.status = 'active', c.email_verified_at IS NOT NULL, coalesce(u.role_id::text, u.role), c.sessions_revoked_at, s.ended_at IS NOT NULL, coalesce(s.signed_out, false)
FROM users u LEFT JOIN credentials c ON c.tenant_id = u.tenant_id AND c.user_id = u.user_id
LEFT JOIN sessions s ON s.tenant_id = u.tenant_id AND s.user_id = u.user_id AND s.session_id = $3
WHERE u.tenant_id = $1 AND u.user_id = $2`
	securitySQL = `
SELECT u.name, u.email, o.name, c.email_verified_at IS NOT NULL, coalesce(c.password_hash, '') <> '', c.totp_secret IS NOT NULL,
	(SELECT count(*) FROM recovery_codes r WHERE r.tenant_id = $1 AND r.user_id = $2)
FROM users u JOIN organizations o ON o.tenant_id = u.tenant_id LEFT JOIN credentials c ON c.tenant_id = u.tenant_id AND c.user_id = u.user_id
WHERE u.tenant_id = $1 AND u.user_id = $2`
	factorsSQL = `
SELECT u.name, u.email, o.name, coalesce(c.password_hash, ''), c.totp_secret, c.totp_pending, coalesce(c.totp_step, 0)
FROM users u JOIN organizations o ON o.tenant_id = u.tenant_id LEFT JOIN credentials c ON c.tenant_id = u.tenant_id AND c.user_id = u.user_id
WHERE u.tenant_id = $1 AND u.user_id = $2`
)

// Standing returns what counts of a user now, and how a session of the user ended;
// of one that is not there, nothing is known.
func (s *Store) Standing(ctx context.Context, call *cell.Call, user, session uuid.UUID) (cell.Standing, error) {
	var st cell.Standing
	err := s.read(ctx, call, func(w *work) {
		w.Queue(standingSQL, w.tenant(), user.String(), session.String()).QueryRow(func(r pgx.Row) error {
			var revoked *time.Time
			var ended, signedOut bool
			err := r.Scan(&st.Active, &st.EmailVerified, &st.Role, &revoked, &ended, &signedOut)
			if revoked != nil {
				st.SessionsRevokedAt = *revoked
			}
			switch {
			case signedOut:
				st.Session = cell.SessionSignedOut
			case ended:
				st.Session = cell.SessionRevoked
			}
			return err
		})
	})
	return st, err
}

// Security returns what a user sees of how it signs in.
func (s *Store) Security(ctx context.Context, call *cell.Call, user uuid.UUID, now time.Time) (cell.Security, error) {
	var view cell.Security
	err := s.read(ctx, call, func(w *work) {
		w.Queue(securitySQL, w.tenant(), user.String()).QueryRow(func(r pgx.Row) error {
			return r.Scan(&view.Person.Name, &view.Person.Email, &view.Person.Organization, &view.EmailVerified, &view.Password, &view.TOTP, &view.RecoveryCodes)
		})
		w.selectPasskeys(user).Query(collect(&view.Passkeys, scanPasskey))
		w.Queue(`SELECT `+deviceColumns+` FROM devices WHERE tenant_id = $1 AND user_id = $2 AND expires_at > $3 ORDER BY device_id`, w.tenant(), user.String(), now).
			Query(collect(&view.Devices, scanDevice))
	})
	return view, err
}

// Factors returns the secrets of a user's second steps.
func (s *Store) Factors(ctx context.Context, call *cell.Call, user uuid.UUID) (cell.Factors, error) {
	var f cell.Factors
	err := s.read(ctx, call, func(w *work) {
		w.Queue(factorsSQL, w.tenant(), user.String()).QueryRow(func(r pgx.Row) error {
			return r.Scan(&f.Person.Name, &f.Person.Email, &f.Person.Organization, &f.PasswordHash, &f.TOTP, &f.PendingTOTP, &f.Step)
		})
		w.selectPasskeys(user).Query(collect(&f.Passkeys, scanPasskey))
	})
	return f, err
}

// SetPassword stores a password's hash in place of another one ("" where none
// is set), and ends failures, and what was begun under that. Conflict: it was another one.
func (s *Store) SetPassword(ctx context.Context, call *cell.Call, user uuid.UUID, old, next string, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockCredentials(user, func(held string) error {
			if held != old {
				return fault.New(fault.Conflict, "the password was changed at the same time; sign in anew")
			}
			return nil
		})
		w.Queue(storeHashSQL, w.tenant(), user.String(), next, now)
		w.endAttempts(user)
		w.endEverything(user, now)
		w.audit(entry)
	})
}

// Rehash stores the same password's hash anew, unless it was changed meanwhile.
func (s *Store) Rehash(ctx context.Context, call *cell.Call, user uuid.UUID, old, next string) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE credentials SET password_hash = $4 WHERE tenant_id = $1 AND user_id = $2 AND password_hash = $3`, w.tenant(), user.String(), old, next)
	})
}

// ResetPassword stores a password's hash for whoever shows a code that was
// mailed, which proves the address besides.
func (s *Store) ResetPassword(ctx context.Context, call *cell.Call, code cell.OneTimeCode, hash string, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.consume(code, now)
		w.lockCredentials(code.UserID, nil)
		w.Queue(storeHashSQL, w.tenant(), code.UserID.String(), hash, now)
		w.verifyAddress(code.UserID, now)
		w.Queue(`DELETE FROM one_time_codes WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3`, w.tenant(), code.UserID.String(), string(cell.ResetPassword))
		w.endAttempts(code.UserID)
		w.endEverything(code.UserID, now)
		w.audit(entry)
	})
}

// VerifyAddress notes that whoever shows the code reads the user's mail.
func (s *Store) VerifyAddress(ctx context.Context, call *cell.Call, code cell.OneTimeCode, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.consume(code, now)
		w.lockCredentials(code.UserID, nil)
		w.verifyAddress(code.UserID, now)
		w.audit(entry)
	})
}

func (w *work) verifyAddress(user uuid.UUID, now time.Time) {
	w.Queue(`UPDATE credentials SET email_verified_at = coalesce(email_verified_at, $3) WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.String(), now)
}

// RevokeSessions ends all that a user has begun.
func (s *Store) RevokeSessions(ctx context.Context, call *cell.Call, user uuid.UUID, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockCredentials(user, nil)
		w.endEverything(user, now)
		w.audit(entry)
	})
}

// endEverything ends sessions and tokens, and forgets devices.
func (w *work) endEverything(user uuid.UUID, now time.Time) {
	w.endSessions(user, now)
	w.Queue(`DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.String())
}

// lockCredentials makes and locks the user's row, and lets judge, if not nil,
// look at the hash of its password. A user who is gone breaks the foreign key.
func (w *work) lockCredentials(user uuid.UUID, judge func(hash string) error) {
	w.Queue(ensureCredentialsSQL, w.tenant(), user.String())
	w.Queue(lockCredentialsSQL, w.tenant(), user.String()).QueryRow(func(r pgx.Row) error {
		var hash string
		if err := r.Scan(&hash); err != nil || judge == nil {
			return err
		}
		return judge(hash)
	})
}

// notAsWas turns a compare-and-set that met no row into a fault.
func notAsWas(code fault.Code, text string) func(pgx.Row) error {
	return func(r pgx.Row) error {
		var id uuid.UUID
		err := r.Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(code, "%s", text)
		}
		return err
	}
}
