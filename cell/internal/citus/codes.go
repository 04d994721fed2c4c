package citus

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const (
	insertCodeSQL = `INSERT INTO one_time_codes (tenant_id, code_hash, purpose, user_id, details, expires_at, created_at) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7)`

	// The newest codes are good, and those of which the time is over are not kept.
	trimCodesSQL = `
DELETE FROM one_time_codes WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3 AND (expires_at <= $4 OR code_hash IN (
	SELECT code_hash FROM one_time_codes WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3 ORDER BY created_at DESC, code_hash OFFSET $5))`
	findCodeSQL = `
SELECT user_id, details::text, expires_at FROM one_time_codes WHERE tenant_id = $1 AND code_hash = $2 AND purpose = $3 AND expires_at > $4`
	consumeCodeSQL = `
DELETE FROM one_time_codes WHERE tenant_id = $1 AND code_hash = $2 AND purpose = $3 AND user_id = $4 AND expires_at > $5 RETURNING user_id`
)

// usedCode says the same of a code that never was, was used or is over.
const usedCode = "the code was used, is over or never was; ask for a new one"

// AddChallenge keeps what a passkey has to answer.
func (s *Store) AddChallenge(ctx context.Context, call *cell.Call, code cell.OneTimeCode, now time.Time) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.addCode(code, now)
	})
}

func (w *work) addCode(code cell.OneTimeCode, now time.Time) {
	details := string(code.Details)
	if details == "" {
		details = "{}"
	}
	w.Queue(trimCodesSQL, w.tenant(), code.UserID.String(), string(code.Purpose), now, cell.MaxCodes-1)
	w.Queue(insertCodeSQL, w.tenant(), code.Hash, string(code.Purpose), code.UserID.String(), details, code.ExpiresAt, now)
}

// FindCode returns a code that is good, without using it up.
func (s *Store) FindCode(ctx context.Context, call *cell.Call, purpose cell.Purpose, hash []byte, now time.Time) (cell.OneTimeCode, error) {
	code := cell.OneTimeCode{Purpose: purpose, Hash: hash}
	err := s.read(ctx, call, func(w *work) {
		w.Queue(findCodeSQL, w.tenant(), hash, string(purpose), now).QueryRow(func(r pgx.Row) error {
			var details string
			err := r.Scan(&code.UserID, &details, &code.ExpiresAt)
			if errors.Is(err, pgx.ErrNoRows) {
				return fault.New(fault.NotFound, usedCode)
			}
			code.Details = json.RawMessage(details)
			return err
		})
	})
	return code, err
}

// consume uses a code up: of two who show it one is refused.
func (w *work) consume(code cell.OneTimeCode, now time.Time) {
	w.Queue(consumeCodeSQL, w.tenant(), code.Hash, string(code.Purpose), code.UserID.String(), now).QueryRow(notAsWas(fault.NotFound, usedCode))
}

// AskForMail enqueues the mail of a code to a user, or to nobody: whether the
// address is known shows neither here nor in the time that it takes.
func (s *Store) AskForMail(ctx context.Context, call *cell.Call, kind cell.JobKind, user uuid.UUID, entry cell.AuditEntry) error {
	payload, err := json.Marshal(cell.CodePayload{UserID: user})
	if err != nil {
		return err
	}
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.enqueue(cell.NewJob{Kind: kind, Payload: payload, Priority: cell.HighPriority})
		w.audit(entry)
	})
}

// AddMailedCode lets one more code do what it is for, for the mail that carries
// it, and returns what the mail says and whether the user has a password.
// NotFound: there is no such active user.
func (s *Store) AddMailedCode(ctx context.Context, ref cell.JobRef, code cell.OneTimeCode, now time.Time) (o cell.Organization, u cell.User, hasPassword bool, err error) {
	err = s.write(ctx, systemCall(ref), nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND user_id = $2 AND status = 'active' FOR UPDATE`, w.tenant(), code.UserID.String()).
			QueryRow(into(&u, scanUser))
		w.lockCredentials(code.UserID, func(hash string) error { hasPassword = hash != ""; return nil })
		w.addCode(code, now)
		w.Queue(`SELECT `+organizationColumns+` FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(into(&o, scanOrganization))
	})
	return o, u, hasPassword, err
}
