package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/totp"
)

// Accounts keeps what operators' logins are judged by. An interface since the
// rules of a login are tested against a clock and a store of the test's own.
type Accounts interface {
	ByEmail(ctx context.Context, email string) (controlplane.OperatorAccount, controlplane.OperatorSecrets, error)
	LoggedIn(ctx context.Context, id uuid.UUID, step int64) (first bool, err error)
	Failed(ctx context.Context, id uuid.UUID, atMost int, until time.Time) error
}

// Register keeps accounts for those who manage them.
type Register interface {
	List(ctx context.Context) ([]controlplane.OperatorAccount, error)
	Create(ctx context.Context, a controlplane.OperatorAccount, secrets controlplane.OperatorSecrets) error
	Reset(ctx context.Context, a controlplane.OperatorAccount, secrets controlplane.OperatorSecrets) error
	Disable(ctx context.Context, a controlplane.OperatorAccount) error
}

// Passwords hashes and checks passwords. An interface since hashing is made to
// be slow, and tests of the rules have no use for that.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify takes the same time for a hash of "", which nothing matches.
	Verify(ctx context.Context, password, hash string) (ok, outdated bool, err error)
}

const (
	// failuresAtMost are the refused logins, one after the other, after which an
	// account is locked: few enough that nobody guesses a password of 130 bits or
	// a code of six digits, enough for a person with a wrong clock.
	failuresAtMost = 5
	lockedFor      = 15 * time.Minute

	// totpIssuer is what authenticators call these accounts.
	totpIssuer = "Coditect Platform operators"
)

// errLogin is the one answer to every login that is refused: it tells nobody
// which addresses there are, nor what was wrong.
var errLogin = fault.New(fault.Unauthenticated, "address, password and code do not go together")

// Operators is people's way in. It is safe for concurrent use.
type Operators struct {
	Accounts  Accounts
	Register  Register
	Passwords Passwords
	Seal      Sealer
	Clock     func() time.Time
}

// Verify says whose login it is. Whatever is wrong with it, the answer is the
// same fault (unauthenticated), and takes as long: the work is done for unknown,
// locked and disabled accounts, too.
func (o *Operators) Verify(ctx context.Context, l controlplane.OperatorLogin) (controlplane.OperatorAccount, error) {
	a, secrets, err := o.Accounts.ByEmail(ctx, controlplane.NormalEmail(l.Email))
	known := err == nil
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return controlplane.OperatorAccount{}, err
	}
	now := o.Clock()
	right, _, err := o.Passwords.Verify(ctx, l.Password, secrets.PasswordHash)
	if err != nil {
		return controlplane.OperatorAccount{}, err
	}
	step, fits, err := o.checkCode(a.ID, secrets, l.Code, now, known)
	if err != nil {
		return controlplane.OperatorAccount{}, err
	}
	open := known && a.DisabledAt.IsZero() && !now.Before(a.LockedUntil)
	if !open || !right || !fits {
		return controlplane.OperatorAccount{}, errors.Join(errLogin, o.countFailure(ctx, a, open, now))
	}
	first, err := o.Accounts.LoggedIn(ctx, a.ID, step)
	if err == nil && !first {
		err = errLogin
	}
	return a, err
}

// checkCode does for an account that is not there what it does for one that is.
func (o *Operators) checkCode(id uuid.UUID, secrets controlplane.OperatorSecrets, code string, now time.Time, known bool) (int64, bool, error) {
	secret := make([]byte, totpSecretBytes)
	if known {
		var err error
		if secret, err = o.Seal.Open(secrets.TOTP, id[:]); err != nil {
			return 0, false, err
		}
	}
	step, ok := totp.Verify(secret, code, now, secrets.TOTPStep)
	return step, ok, nil
}

// totpSecretBytes is the length of totp's secrets.
const totpSecretBytes = 20

// countFailure writes for every refusal, so that none is told by its time; only
// an account that is open is changed by it.
func (o *Operators) countFailure(ctx context.Context, a controlplane.OperatorAccount, open bool, now time.Time) error {
	id := a.ID
	if !open {
		id = uuid.Nil // nobody's
	}
	return o.Accounts.Failed(ctx, id, failuresAtMost, now.Add(lockedFor))
}

// Create makes an account with a login of ours: nobody has to think of a
// password, and every account has a second step from its beginning.
func (o *Operators) Create(ctx context.Context, email string, role controlplane.Role) (controlplane.NewOperator, error) {
	a, err := controlplane.NewOperatorAccount(email, role)
	if err != nil {
		return controlplane.NewOperator{}, err
	}
	return o.withLogin(ctx, a, o.Register.Create)
}

// Reset gives an account another login, and ends all that was begun with the
// one before.
func (o *Operators) Reset(ctx context.Context, email string) (controlplane.NewOperator, error) {
	a, _, err := o.Accounts.ByEmail(ctx, controlplane.NormalEmail(email))
	if err != nil {
		return controlplane.NewOperator{}, err
	}
	return o.withLogin(ctx, a, o.Register.Reset)
}

func (o *Operators) withLogin(ctx context.Context, a controlplane.OperatorAccount,
	keep func(context.Context, controlplane.OperatorAccount, controlplane.OperatorSecrets) error,
) (controlplane.NewOperator, error) {
	secret := totp.NewSecret()
	made := controlplane.NewOperator{Account: a, Password: rand.Text(), TOTPURI: totp.URI(totpIssuer, a.Email, secret)}
	hash, err := o.Passwords.Hash(ctx, made.Password)
	if err != nil {
		return controlplane.NewOperator{}, err
	}
	return made, keep(ctx, a, controlplane.OperatorSecrets{PasswordHash: hash, TOTP: o.Seal.Seal(secret, a.ID[:])})
}

// Disable ends an account: no login any more, and no token is made or refreshed
// for it. Tokens that it has end within their ten minutes.
func (o *Operators) Disable(ctx context.Context, email string) error {
	a, _, err := o.Accounts.ByEmail(ctx, controlplane.NormalEmail(email))
	if err != nil {
		return err
	}
	return o.Register.Disable(ctx, a)
}
