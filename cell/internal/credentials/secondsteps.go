package credentials

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/totp"
)

// StepStore keeps second steps. It is an interface because use-cases do not know
// the database. More than five methods: each is one step of their life.
type StepStore interface {
	AttemptStore
	Factors(ctx context.Context, call *cell.Call, user uuid.UUID) (cell.Factors, error)
	BeginTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, secret []byte, entry cell.AuditEntry) error
	ConfirmTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, secret []byte, step int64, codes [][]byte, entry cell.AuditEntry) error
	RemoveTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, entry cell.AuditEntry) error
	UseTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, step int64, entry cell.AuditEntry) error
	ReplaceRecoveryCodes(ctx context.Context, call *cell.Call, user uuid.UUID, codes [][]byte, entry cell.AuditEntry) error
	UseRecoveryCode(ctx context.Context, call *cell.Call, user uuid.UUID, hash []byte, entry cell.AuditEntry) error
}

// SecondSteps are the use-cases of TOTP and recovery codes.
type SecondSteps struct {
	Store StepStore
	Clock func() time.Time
}

// Enrolment is a TOTP secret that waits for its first code.
type Enrolment struct {
	URI    string // for a QR code
	Secret string // base32, for those who type it
}

// Begin makes a secret, which counts once its first code was shown.
func (s SecondSteps) Begin(ctx context.Context, call *cell.Call, user uuid.UUID) (Enrolment, error) {
	call = as(call, user)
	f, err := s.Store.Factors(ctx, call, user)
	if err != nil {
		return Enrolment{}, err
	}
	secret := totp.NewSecret()
	if err := s.Store.BeginTOTP(ctx, call, user, secret, entry("totp.begun", user, nil)); err != nil {
		return Enrolment{}, err
	}
	return Enrolment{URI: totp.URI(f.Person.Organization, f.Person.Email, secret), Secret: totp.Base32(secret)}, nil
}

// Confirm makes the secret that waits the user's second step, and returns
// recovery codes, which are told this once. Unauthenticated: it is not its code.
func (s SecondSteps) Confirm(ctx context.Context, call *cell.Call, user uuid.UUID, code string) ([]string, error) {
	call = as(call, user)
	f, err := s.Store.Factors(ctx, call, user)
	if err != nil {
		return nil, err
	}
	if f.PendingTOTP == nil {
		return nil, fault.New(fault.Conflict, "the set-up was not begun, or is complete")
	}
	step, ok := totp.Verify(f.PendingTOTP, code, s.Clock(), 0)
	if !ok {
		return nil, refused()
	}
	codes, hashes := newRecoveryCodes()
	return codes, s.Store.ConfirmTOTP(ctx, call, user, f.PendingTOTP, step, hashes, entry("totp.added", user, nil))
}

// Remove ends the second step by TOTP.
func (s SecondSteps) Remove(ctx context.Context, call *cell.Call, user uuid.UUID) error {
	return s.Store.RemoveTOTP(ctx, as(call, user), user, entry("totp.removed", user, nil))
}

// NewRecoveryCodes makes codes, which are told this once, in place of the old.
func (s SecondSteps) NewRecoveryCodes(ctx context.Context, call *cell.Call, user uuid.UUID) ([]string, error) {
	codes, hashes := newRecoveryCodes()
	return codes, s.Store.ReplaceRecoveryCodes(ctx, as(call, user), user, hashes, entry("recovery_codes.made", user, nil))
}

// VerifyTOTP completes the login of a user whose password was right.
// Unauthenticated: the code is wrong or was used, or the account is locked.
func (s SecondSteps) VerifyTOTP(ctx context.Context, call *cell.Call, user uuid.UUID, code string) error {
	now, err := attempt(ctx, s.Store, s.Clock, call, user)
	if err != nil {
		return err
	}
	f, err := s.Store.Factors(ctx, as(call, user), user)
	if err != nil {
		return err
	}
	step, ok := totp.Verify(f.TOTP, code, now, f.Step)
	if !ok || f.TOTP == nil { // anybody can make codes of no secret
		return refused()
	}
	return s.Store.UseTOTP(ctx, as(call, user), user, step, entry("user.signed_in", user, map[string]any{"method": cell.ByTOTP}))
}

// VerifyRecoveryCode is VerifyTOTP for a code that was written down.
func (s SecondSteps) VerifyRecoveryCode(ctx context.Context, call *cell.Call, user uuid.UUID, code string) error {
	if _, err := attempt(ctx, s.Store, s.Clock, call, user); err != nil {
		return err
	}
	return s.Store.UseRecoveryCode(ctx, as(call, user), user, recoveryHash(code), entry("user.signed_in", user, map[string]any{"method": cell.ByRecovery}))
}

// attempt counts one, and refuses if the account is locked.
func attempt(ctx context.Context, store AttemptStore, clock func() time.Time, call *cell.Call, user uuid.UUID) (time.Time, error) {
	now := clock()
	failures, err := store.CountAttempt(ctx, call, user, now)
	if err == nil && failures > cell.MaxFailures {
		err = refused()
	}
	return now, err
}
