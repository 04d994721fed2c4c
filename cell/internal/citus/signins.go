package citus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

const (
	findSignInSQL = `
SELECT u.user_id, coalesce(u.role_id::text, u.role), u.status = 'active', c.email_verified_at IS NOT NULL, coalesce(c.password_hash, ''), c.totp_secret IS NOT NULL,
	(SELECT count(*) FROM recovery_codes r WHERE r.tenant_id = $1 AND r.user_id = u.user_id),
	(SELECT count(*) FROM passkeys p WHERE p.tenant_id = $1 AND p.user_id = u.user_id),
	(SELECT d.device_id FROM devices d WHERE d.tenant_id = $1 AND d.user_id = u.user_id AND d.secret_hash = $3 AND d.expires_at > $4)
FROM users u LEFT JOIN credentials c ON c.tenant_id = u.tenant_id AND c.user_id = u.user_id
WHERE u.tenant_id = $1 AND lower(u.email) = lower($2)`

	// A lock-out ends by itself: failures while it lasts do not make it longer.
	countAttemptSQL = `
INSERT INTO sign_in_attempts (tenant_id, account, failures, last_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (tenant_id, account) DO UPDATE SET
	failures = CASE WHEN sign_in_attempts.last_at <= $4 THEN 1 ELSE sign_in_attempts.failures + 1 END,
	last_at = CASE WHEN sign_in_attempts.last_at > $4 AND sign_in_attempts.failures >= $5 THEN sign_in_attempts.last_at ELSE excluded.last_at END
RETURNING failures`
	auditLockOutSQL = `
INSERT INTO audit_logs (` + auditColumns + `)
SELECT a.tenant_id, $2::uuid, 'system', 'sign_in.locked', 'credential', a.account, $3::text, '{}'::jsonb, NULL::uuid, '', ''
FROM sign_in_attempts a WHERE a.tenant_id = $1 AND a.account = $4 AND a.failures = $5`
	forgetAttemptsSQL = `DELETE FROM sign_in_attempts WHERE tenant_id = $1 AND last_at < $2`
	endAttemptsSQL    = `DELETE FROM sign_in_attempts WHERE tenant_id = $1 AND account = $2`
)

// FindSignIn returns what the user with an e-mail address, in whatever case, has
// to show, and its remembered device if the hash of its secret is given.
func (s *Store) FindSignIn(ctx context.Context, call *cell.Call, email string, device []byte, now time.Time) (cell.SignIn, error) {
	var found cell.SignIn
	if device == nil {
		device = []byte{} // see keyHash
	}
	err := s.read(ctx, call, func(w *work) {
		w.Queue(findSignInSQL, w.tenant(), email, device, now).QueryRow(func(r pgx.Row) error {
			var remembered *uuid.UUID
			err := r.Scan(&found.UserID, &found.Role, &found.Active, &found.EmailVerified, &found.PasswordHash, &found.TOTP, &found.RecoveryCodes, &found.Passkeys, &remembered)
			if remembered != nil {
				found.Device = *remembered
			}
			return err
		})
	})
	return found, err
}

// CountAttempt counts an attempt to sign in before it is judged, so that a crowd
// of them cannot guess more often than one after the other could. It returns how
// many there were in a row, this one included; the log says when it becomes a
// lock-out.
func (s *Store) CountAttempt(ctx context.Context, call *cell.Call, account uuid.UUID, now time.Time) (int, error) {
	var failures int
	err := s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(countAttemptSQL, w.tenant(), account.String(), now, now.Add(-cell.LockOut), cell.MaxFailures).QueryRow(func(r pgx.Row) error { return r.Scan(&failures) })
		w.Queue(auditLockOutSQL, w.tenant(), newID().String(), call.RequestID, account.String(), cell.MaxFailures+1)
		w.Queue(forgetAttemptsSQL, w.tenant(), now.Add(-cell.AttemptLife))
	})
	return failures, err
}

// EndAttempts forgets failures of a user who has signed in. A device that was
// shown is noted.
func (s *Store) EndAttempts(ctx context.Context, call *cell.Call, user, device uuid.UUID, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.endAttempts(user)
		if device != uuid.Nil {
			w.Queue(`UPDATE devices SET last_used_at = $3 WHERE tenant_id = $1 AND device_id = $2`, w.tenant(), device.String(), now)
		}
		w.audit(entry)
	})
}

func (w *work) endAttempts(account uuid.UUID) { w.Queue(endAttemptsSQL, w.tenant(), account.String()) }

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
