package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// OperatorStore keeps operators' accounts.
type OperatorStore struct{ *DB }

const (
	operatorColumns = `operator_id, email, role, created_at, last_login_at, locked_until, revoked_at, disabled_at`
	selectOperators = `SELECT ` + operatorColumns + ` FROM operator_accounts `
)

// operatorFields are where a row of operatorColumns is read to, and what makes
// the account of it.
func operatorFields(a *controlplane.OperatorAccount) (fields []any, account func() controlplane.OperatorAccount) {
	var id [16]byte
	var login, locked, revoked, disabled *time.Time
	return []any{&id, &a.Email, &a.Role, &a.CreatedAt, &login, &locked, &revoked, &disabled}, func() controlplane.OperatorAccount {
		a.ID, a.CreatedAt = id, a.CreatedAt.UTC()
		a.LastLoginAt, a.LockedUntil, a.RevokedAt, a.DisabledAt = orZero(login), orZero(locked), orZero(revoked), orZero(disabled)
		return *a
	}
}

func scanOperator(row pgx.CollectableRow) (controlplane.OperatorAccount, error) {
	fields, account := operatorFields(&controlplane.OperatorAccount{})
	err := row.Scan(fields...)
	return account(), err
}

// ByID returns an account, disabled or not.
func (s OperatorStore) ByID(ctx context.Context, id uuid.UUID) (controlplane.OperatorAccount, error) {
	rows, err := s.pool.Query(ctx, selectOperators+`WHERE operator_id = $1`, [16]byte(id))
	if err != nil {
		return controlplane.OperatorAccount{}, outage(err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanOperator)
	return a, none(err, "operator")
}

// ByEmail returns an account, disabled or not, with what its login is judged by.
func (s OperatorStore) ByEmail(ctx context.Context, email string) (controlplane.OperatorAccount, controlplane.OperatorSecrets, error) {
	var secrets controlplane.OperatorSecrets
	fields, account := operatorFields(&controlplane.OperatorAccount{})
	err := s.pool.QueryRow(ctx, `SELECT `+operatorColumns+`, password_hash, totp_sealed, totp_step FROM operator_accounts WHERE email = $1`, email).
		Scan(append(fields, &secrets.PasswordHash, &secrets.TOTP, &secrets.TOTPStep)...)
	return account(), secrets, none(err, "operator")
}

// LoggedIn notes a login by the code of a step of time, and that it was the
// account's: false means that a code of this step, or a later one, was used.
func (s OperatorStore) LoggedIn(ctx context.Context, id uuid.UUID, step int64) (first bool, err error) {
	tag, err := s.pool.Exec(ctx, `
UPDATE operator_accounts SET totp_step = $2, failures = 0, locked_until = NULL, last_login_at = $3
WHERE operator_id = $1 AND totp_step < $2 AND disabled_at IS NULL`, [16]byte(id), step, s.now())
	return tag.RowsAffected() == 1, outage(err)
}

// Failed counts a login that was refused; the account is locked until the given
// time when there were as many, one after the other, as it may have.
func (s OperatorStore) Failed(ctx context.Context, id uuid.UUID, atMost int, until time.Time) error {
	_, err := s.pool.Exec(ctx, `
UPDATE operator_accounts SET failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END,
  locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END WHERE operator_id = $1`, [16]byte(id), atMost, until)
	return outage(err)
}

// List returns all accounts by address.
func (s OperatorStore) List(ctx context.Context) ([]controlplane.OperatorAccount, error) {
	rows, err := s.pool.Query(ctx, selectOperators+`ORDER BY email`)
	if err != nil {
		return nil, outage(err)
	}
	all, err := pgx.CollectRows(rows, scanOperator)
	return all, outage(err)
}

// Create inserts an account; an address that is taken is a fault (conflict).
func (s OperatorStore) Create(ctx context.Context, a controlplane.OperatorAccount, secrets controlplane.OperatorSecrets) error {
	err := s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
INSERT INTO operator_accounts (operator_id, email, role, password_hash, totp_sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			[16]byte(a.ID), a.Email, string(a.Role), secrets.PasswordHash, secrets.TOTP, s.now())
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "operator.create", a.Email, map[string]any{"role": a.Role})
	})
	if pg.Constraint(err) != "" {
		return fault.Wrap(err, fault.Conflict, "there is an operator with this address; 'controlplane operator reset' gives it a new login")
	}
	return err
}

// Reset gives an account another login, enables it and ends what was begun with
// the login before.
func (s OperatorStore) Reset(ctx context.Context, a controlplane.OperatorAccount, secrets controlplane.OperatorSecrets) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
UPDATE operator_accounts SET password_hash = $2, totp_sealed = $3, totp_step = 0, failures = 0, locked_until = NULL, disabled_at = NULL, revoked_at = $4
WHERE operator_id = $1`, [16]byte(a.ID), secrets.PasswordHash, secrets.TOTP, s.now())
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "operator.reset", a.Email, nil)
	})
}

// Disable ends an account, and what was begun with it. One that is disabled
// already is left as it is.
func (s OperatorStore) Disable(ctx context.Context, a controlplane.OperatorAccount) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE operator_accounts SET disabled_at = $2, revoked_at = $2 WHERE operator_id = $1 AND disabled_at IS NULL`, [16]byte(a.ID), s.now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.record(ctx, tx, "operator.disable", a.Email, nil)
	})
}
