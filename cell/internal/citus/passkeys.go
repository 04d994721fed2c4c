package citus

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

const passkeyColumns = `passkey_id, name, record::text, created_at, last_used_at`

var passkeyConstraints = constraints{
	"passkeys_pkey": fault.New(fault.Conflict, "this passkey is known already"),
	"passkeys_id":   fault.New(fault.Conflict, "this passkey is known already"),
}

func (w *work) selectPasskeys(user uuid.UUID) *pgx.QueuedQuery {
	return w.Queue(`SELECT `+passkeyColumns+` FROM passkeys WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, passkey_id`, w.tenant(), user.String())
}

// AddPasskey keeps a passkey that was made for the challenge of the code.
func (s *Store) AddPasskey(ctx context.Context, call *cell.Call, code cell.OneTimeCode, key cell.Passkey, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, passkeyConstraints, func(w *work) {
		w.changes = changesUnseen
		w.consume(code, now)
		w.lockCredentials(code.UserID, nil)
		w.Queue(`SELECT count(*) FROM passkeys WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), code.UserID.String()).QueryRow(func(r pgx.Row) error {
			var n int
			err := r.Scan(&n)
			if err == nil && n >= cell.MaxPasskeys {
				err = fault.New(fault.Conflict, "you have %d passkeys already; remove one first", n)
			}
			return err
		})
		w.Queue(`INSERT INTO passkeys (tenant_id, user_id, passkey_id, name, record, created_at) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6)`,
			w.tenant(), code.UserID.String(), key.ID, key.Name, string(key.Record), now)
		w.audit(entry)
	})
}

// UsePasskey takes the answer to the challenge of the code, once, keeps the
// passkey's record as it is after it, and ends the user's failures.
func (s *Store) UsePasskey(ctx context.Context, call *cell.Call, code cell.OneTimeCode, key cell.Passkey, now time.Time, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.consume(code, now)
		w.Queue(`UPDATE passkeys SET record = $4::text::jsonb, last_used_at = $5 WHERE tenant_id = $1 AND user_id = $2 AND passkey_id = $3 RETURNING user_id`,
			w.tenant(), code.UserID.String(), key.ID, string(key.Record), now).QueryRow(notAsWas(fault.Unauthenticated, refusedStep))
		w.endAttempts(code.UserID)
		w.audit(entry)
	})
}

// RemovePasskey forgets a passkey; recovery codes go with the last second step.
func (s *Store) RemovePasskey(ctx context.Context, call *cell.Call, user uuid.UUID, id []byte, entry cell.AuditEntry) error {
	return s.write(ctx, call, nil, func(w *work) {
		w.changes = changesUnseen
		w.Queue(`DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND passkey_id = $3 RETURNING user_id`, w.tenant(), user.String(), id).
			QueryRow(notAsWas(fault.NotFound, "no such passkey"))
		w.dropIdleCodes(user)
		w.audit(entry)
	})
}

func scanPasskey(r row) (cell.Passkey, error) {
	var k cell.Passkey
	var record string
	var used *time.Time
	err := r.Scan(&k.ID, &k.Name, &record, &k.CreatedAt, &used)
	k.Record = json.RawMessage(record)
	if used != nil {
		k.LastUsedAt = *used
	}
	return k, err
}
