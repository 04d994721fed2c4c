package credentials

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Hasher hashes passwords. It is an interface so that tests can count, and need
// no 19 MiB for each.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (ok, outdated bool, err error)
}

// AttemptStore counts attempts. It is an interface because use-cases do not know
// the database.
type AttemptStore interface {
	CountAttempt(ctx context.Context, call *cell.Call, account uuid.UUID, now time.Time) (failures int, err error)
	EndAttempts(ctx context.Context, call *cell.Call, user, device uuid.UUID, now time.Time, entry cell.AuditEntry) error
}

// LoginStore finds who wants to sign in. It is an interface because use-cases do
// not know the database.
type LoginStore interface {
	AttemptStore
	FindSignIn(ctx context.Context, call *cell.Call, email string, device []byte, now time.Time) (cell.SignIn, error)
	Rehash(ctx context.Context, call *cell.Call, user uuid.UUID, old, next string) error
}

// Logins judge passwords.
type Logins struct {
	Store  LoginStore
	Hasher Hasher
	Clock  func() time.Time
}

// Verify judges an attempt. What is refused was refused for any reason there
// is: the zero verdict.
func (l Logins) Verify(ctx context.Context, call *cell.Call, a cell.LoginAttempt) (cell.LoginVerdict, error) {
	now := l.Clock()
	var device []byte
	if a.Device != "" {
		device = a.Device.Hash()
	}
	found, err := l.Store.FindSignIn(ctx, call, a.Email, device, now)
	account := found.UserID
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		account = stranger(call, a.Email)
	case err != nil:
		return cell.LoginVerdict{}, err
	}
	failures, err := l.Store.CountAttempt(ctx, call, account, now)
	if err != nil {
		return cell.LoginVerdict{}, err
	}
	right, outdated, err := l.Hasher.Verify(ctx, a.Password, found.PasswordHash)
	if err != nil || !right || !found.Active || failures > cell.MaxFailures {
		return cell.LoginVerdict{}, err
	}
	if outdated {
		if err := l.rehash(ctx, call, found, a.Password); err != nil {
			return cell.LoginVerdict{}, err
		}
	}
	return l.accept(ctx, call, found, now)
}

// stranger is the account of an address that no user has.
func stranger(call *cell.Call, email string) uuid.UUID {
	return uuid.NewSHA1(uuid.UUID(call.Tenant), []byte("stranger\n"+strings.ToLower(email)))
}

func (l Logins) rehash(ctx context.Context, call *cell.Call, found cell.SignIn, password string) error {
	hash, err := l.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return l.Store.Rehash(ctx, call, found.UserID, found.PasswordHash, hash)
}

// accept completes the login, unless a second step is wanted: that will.
func (l Logins) accept(ctx context.Context, call *cell.Call, found cell.SignIn, now time.Time) (cell.LoginVerdict, error) {
	verdict := cell.LoginVerdict{OK: true, UserID: found.UserID, Role: found.Role, EmailVerified: found.EmailVerified, Methods: found.SecondSteps()}
	if len(verdict.Methods) > 0 && found.Device == uuid.Nil {
		verdict.SecondStep = true
		return verdict, nil
	}
	details := map[string]any{"method": cell.ByPassword}
	if len(verdict.Methods) > 0 {
		details["device_id"] = found.Device
	}
	return verdict, l.Store.EndAttempts(ctx, as(call, found.UserID), found.UserID, found.Device, now, entry("user.signed_in", found.UserID, details))
}
