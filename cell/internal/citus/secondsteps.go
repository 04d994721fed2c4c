package citus

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// refusedStep is what every second step that fails says.
const refusedStep = "the code is not valid"

// BeginTOTP keeps a secret until its first code was shown; a second one takes
// its place.
func (s *Store) BeginTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, secret []byte, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockCredentials(user, nil)
		w.Queue(`UPDATE credentials SET totp_pending = $3 WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.String(), secret)
		w.audit(entry)
	})
}

// ConfirmTOTP makes the secret that waits the user's, with new recovery codes.
// Conflict: another one waits.
func (s *Store) ConfirmTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, secret []byte, step int64, codes [][]byte, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE credentials SET totp_secret = totp_pending, totp_pending = NULL, totp_step = $4
			WHERE tenant_id = $1 AND user_id = $2 AND totp_pending = $3 RETURNING user_id`, w.tenant(), user.String(), secret, step).
			QueryRow(notAsWas(fault.Conflict, "the set-up was begun anew; use the newest QR code"))
		w.replaceCodes(user, codes)
		w.audit(entry)
	})
}

// RemoveTOTP ends the second step by TOTP; recovery codes go with the last
// second step.
func (s *Store) RemoveTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockCredentials(user, nil)
		w.Queue(`UPDATE credentials SET totp_secret = NULL, totp_pending = NULL, totp_step = 0 WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.String())
		w.dropIdleCodes(user)
		w.audit(entry)
	})
}

// dropIdleCodes removes recovery codes that stand in for nothing any more.
func (w *work) dropIdleCodes(user uuid.UUID) {
	w.Queue(`DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2
		AND NOT EXISTS (SELECT FROM passkeys p WHERE p.tenant_id = $1 AND p.user_id = $2)
		AND NOT EXISTS (SELECT FROM credentials c WHERE c.tenant_id = $1 AND c.user_id = $2 AND c.totp_secret IS NOT NULL)`, w.tenant(), user.String())
}

// UseTOTP takes a step's code, once and in order, and ends the user's failures.
// Unauthenticated: it, or a later one, was used.
func (s *Store) UseTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, step int64, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`UPDATE credentials SET totp_step = $3 WHERE tenant_id = $1 AND user_id = $2 AND totp_secret IS NOT NULL AND totp_step < $3 RETURNING user_id`,
			w.tenant(), user.String(), step).QueryRow(notAsWas(fault.Unauthenticated, refusedStep))
		w.endAttempts(user)
		w.audit(entry)
	})
}

// ReplaceRecoveryCodes gives a user with a second step other codes.
func (s *Store) ReplaceRecoveryCodes(ctx context.Context, call *cell.Call, user uuid.UUID, codes [][]byte, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.lockCredentials(user, nil)
		w.Queue(`SELECT EXISTS (SELECT FROM credentials WHERE tenant_id = $1 AND user_id = $2 AND totp_secret IS NOT NULL)
			OR EXISTS (SELECT FROM passkeys WHERE tenant_id = $1 AND user_id = $2)`, w.tenant(), user.String()).QueryRow(func(r pgx.Row) error {
			var any bool
			if err := r.Scan(&any); err != nil || any {
				return err
			}
			return fault.New(fault.Conflict, "recovery codes stand in for a second step; set one up first")
		})
		w.replaceCodes(user, codes)
		w.audit(entry)
	})
}

func (w *work) replaceCodes(user uuid.UUID, codes [][]byte) {
	w.Queue(`DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), user.String())
	for _, hash := range codes {
		w.Queue(`INSERT INTO recovery_codes (tenant_id, user_id, code_hash) VALUES ($1, $2, $3)`, w.tenant(), user.String(), hash)
	}
}

// UseRecoveryCode takes a code, once, and ends the user's failures.
func (s *Store) UseRecoveryCode(ctx context.Context, call *cell.Call, user uuid.UUID, hash []byte, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3 RETURNING user_id`, w.tenant(), user.String(), hash).
			QueryRow(notAsWas(fault.Unauthenticated, refusedStep))
		w.endAttempts(user)
		w.audit(entry)
	})
}
