package credentials

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/password"
)

// PasswordStore keeps passwords and the codes that set them. It is an interface
// because use-cases do not know the database. More than five methods: each is
// one way to a password.
type PasswordStore interface {
	AttemptStore
	FindSignIn(ctx context.Context, call *cell.Call, email string, device []byte, now time.Time) (cell.SignIn, error)
	Factors(ctx context.Context, call *cell.Call, user uuid.UUID) (cell.Factors, error)
	SetPassword(ctx context.Context, call *cell.Call, user uuid.UUID, old, next string, now time.Time, entry cell.AuditEntry) error
	FindCode(ctx context.Context, call *cell.Call, purpose cell.Purpose, hash []byte, now time.Time) (cell.OneTimeCode, error)
	ResetPassword(ctx context.Context, call *cell.Call, code cell.OneTimeCode, hash string, now time.Time, entry cell.AuditEntry) error
	VerifyAddress(ctx context.Context, call *cell.Call, code cell.OneTimeCode, now time.Time, entry cell.AuditEntry) error
	AskForMail(ctx context.Context, call *cell.Call, kind cell.JobKind, user uuid.UUID, entry cell.AuditEntry) error
	AcceptWithPassword(ctx context.Context, call *cell.Call, invitation uuid.UUID, tokenHash []byte, user cell.User, hash string, now time.Time) error
}

// Passwords are the use-cases of passwords, and of addresses that are proven.
type Passwords struct {
	Store  PasswordStore
	Hasher Hasher
	Clock  func() time.Time
}

// Change sets a password in place of the current one, which is "" where none is
// set, and ends sessions, this one too. Unauthenticated: that is not the current
// one.
func (p Passwords) Change(ctx context.Context, call *cell.Call, user uuid.UUID, current, next string) error {
	f, err := p.Store.Factors(ctx, as(call, user), user)
	if err != nil {
		return err
	}
	if err := choosable(next, f.Person); err != nil {
		return err
	}
	now, err := attempt(ctx, p.Store, p.Clock, call, user)
	if err != nil {
		return err
	}
	right, _, err := p.Hasher.Verify(ctx, current, f.PasswordHash)
	if err != nil {
		return err
	}
	if !right && (current != "" || f.PasswordHash != "") {
		return refused()
	}
	hash, err := p.Hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	return p.Store.SetPassword(ctx, as(call, user), user, f.PasswordHash, hash, now, entry("password.changed", user, nil))
}

func choosable(next string, who cell.Person) error {
	return password.Check(next, who.Name, who.Email, who.Organization)
}

// newHash judges a password that was chosen and hashes it.
func (p Passwords) newHash(ctx context.Context, next string, who cell.Person) (string, error) {
	if err := choosable(next, who); err != nil {
		return "", err
	}
	return p.Hasher.Hash(ctx, next)
}

// Forgot has a mail sent with which a password can be set, if a user has the
// address. Nothing says whether one has.
func (p Passwords) Forgot(ctx context.Context, call *cell.Call, email string) error {
	found, err := p.Store.FindSignIn(ctx, call, email, nil, p.Clock())
	account := found.UserID
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		account = stranger(call, email)
	case err != nil:
		return err
	}
	return p.Store.AskForMail(ctx, call, cell.PasswordEmail, account, entry("password.reset_asked_for", account, nil))
}

// Reset sets a password for whoever shows a code that was mailed, which proves
// the address besides, and ends lock-out and sessions. NotFound: no such code.
func (p Passwords) Reset(ctx context.Context, call *cell.Call, code cell.Secret, next string) (uuid.UUID, error) {
	now := p.Clock()
	found, err := p.Store.FindCode(ctx, call, cell.ResetPassword, code.Hash(), now)
	if err != nil {
		return uuid.Nil, err
	}
	f, err := p.Store.Factors(ctx, as(call, found.UserID), found.UserID)
	if err != nil {
		return uuid.Nil, err
	}
	hash, err := p.newHash(ctx, next, f.Person)
	if err != nil {
		return uuid.Nil, err // the code is still good for another password
	}
	return found.UserID, p.Store.ResetPassword(ctx, as(call, found.UserID), found, hash, now, entry("password.reset", found.UserID, nil))
}

// SendVerification has a mail sent with which the user can prove its address.
func (p Passwords) SendVerification(ctx context.Context, call *cell.Call, user uuid.UUID) error {
	return p.Store.AskForMail(ctx, as(call, user), cell.AddressEmail, user, entry("email.verification_asked_for", user, nil))
}

// VerifyEmail notes that a user's address is proven, by a code that was mailed.
func (p Passwords) VerifyEmail(ctx context.Context, call *cell.Call, code cell.Secret) (uuid.UUID, error) {
	now := p.Clock()
	found, err := p.Store.FindCode(ctx, call, cell.VerifyAddress, code.Hash(), now)
	if err != nil {
		return uuid.Nil, err
	}
	return found.UserID, p.Store.VerifyAddress(ctx, as(call, found.UserID), found, now, entry("email.verified", found.UserID, nil))
}

// AcceptInvitation makes a user of the given name and password of whoever shows
// an invitation's token.
func (p Passwords) AcceptInvitation(ctx context.Context, call *cell.Call, token cell.InvitationToken, name, chosen string) (uuid.UUID, error) {
	if err := printable(name); err != nil {
		return uuid.Nil, err
	}
	id, ok := token.Invitation()
	if !ok {
		return uuid.Nil, fault.New(fault.NotFound, "this is not a link of an invitation; copy it whole")
	}
	hash, err := p.newHash(ctx, chosen, cell.Person{Name: name})
	if err != nil {
		return uuid.Nil, err
	}
	user := cell.User{ID: newID(), Name: name}
	public := &cell.Call{Tenant: call.Tenant, Epoch: call.Epoch, RequestID: call.RequestID, Permission: cell.Public}
	return user.ID, p.Store.AcceptWithPassword(ctx, public, id, token.Hash(), user, hash, p.Clock())
}
