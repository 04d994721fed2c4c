package jobs

import (
	"context"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// MailStore finds what mails say, and to whom. It is an interface because
// use-cases do not know the database.
type MailStore interface {
	GetRecipient(ctx context.Context, ref cell.JobRef, userID uuid.UUID) (cell.Organization, cell.User, error)
	AddInvitationToken(ctx context.Context, ref cell.JobRef, id uuid.UUID, hash []byte) (cell.Organization, cell.Invitation, error)
	GetStopped(ctx context.Context, ref cell.JobRef, endpoint uuid.UUID) (cell.WebhookEndpoint, error)
	AddMailedCode(ctx context.Context, ref cell.JobRef, code cell.OneTimeCode, now time.Time) (o cell.Organization, u cell.User, hasPassword bool, err error)
}

// Mails are the authors of all kinds of mails.
type Mails struct{ Store MailStore }

// Welcome greets an owner, unless it is gone or disabled.
func (m Mails) Welcome(ctx context.Context, ref cell.JobRef, p cell.WelcomePayload) (cell.Organization, cell.Mail, error) {
	return m.toUser(ctx, ref, p.UserID, cell.WelcomeText{})
}

// Invite carries a token that is made here and known to nobody but the mail: an
// attempt after a failure makes another one, and both are good, since the first
// mail may have arrived. An invitation that ended is not mailed.
func (m Mails) Invite(ctx context.Context, ref cell.JobRef, p cell.InvitePayload) (cell.Organization, cell.Mail, error) {
	token := cell.NewInvitationToken(p.InvitationID)
	organization, invitation, err := m.Store.AddInvitationToken(ctx, ref, p.InvitationID, token.Hash())
	return organization, cell.Mail{Email: invitation.Email, Text: cell.InviteText{Token: token, ExpiresAt: invitation.ExpiresAt.UTC()}}, err
}

// Password carries a code with which its reader chooses a password. Like an
// invitation's it is made here, and nobody is mailed who is not an active user.
func (m Mails) Password(ctx context.Context, ref cell.JobRef, p cell.CodePayload) (cell.Organization, cell.Mail, error) {
	secret, code := newCode(cell.ResetPassword, p.UserID, cell.ResetLife)
	organization, user, hasPassword, err := m.Store.AddMailedCode(ctx, ref, code, time.Now())
	text := cell.PasswordText{Code: secret, First: !hasPassword, ExpiresAt: code.ExpiresAt.UTC()}
	return organization, cell.Mail{Name: user.Name, Email: user.Email, Text: text}, err
}

// Address carries a code that shows that its reader has the user's address.
func (m Mails) Address(ctx context.Context, ref cell.JobRef, p cell.CodePayload) (cell.Organization, cell.Mail, error) {
	secret, code := newCode(cell.VerifyAddress, p.UserID, cell.VerifyLife)
	organization, user, _, err := m.Store.AddMailedCode(ctx, ref, code, time.Now())
	return organization, cell.Mail{Name: user.Name, Email: user.Email, Text: cell.AddressText{Code: secret, ExpiresAt: code.ExpiresAt.UTC()}}, err
}

func newCode(purpose cell.Purpose, user uuid.UUID, life time.Duration) (cell.Secret, cell.OneTimeCode) {
	secret := cell.NewSecret()
	return secret, cell.OneTimeCode{Purpose: purpose, Hash: secret.Hash(), UserID: user, ExpiresAt: time.Now().Add(life)}
}

// WebhookDisabled tells an owner that the cell has stopped an endpoint, unless
// that is active again, or gone.
func (m Mails) WebhookDisabled(ctx context.Context, ref cell.JobRef, p cell.WebhookDisabledPayload) (cell.Organization, cell.Mail, error) {
	endpoint, err := m.Store.GetStopped(ctx, ref, p.EndpointID)
	if err != nil {
		return cell.Organization{}, cell.Mail{}, err
	}
	text := cell.WebhookDisabledText{EndpointID: endpoint.ID, Description: endpoint.Description, Reason: endpoint.DisabledReason}
	if target, err := url.Parse(endpoint.URL); err == nil {
		text.Host = target.Host
	}
	return m.toUser(ctx, ref, p.UserID, text)
}

// toUser is a mail to an active user.
func (m Mails) toUser(ctx context.Context, ref cell.JobRef, id uuid.UUID, text cell.MailText) (cell.Organization, cell.Mail, error) {
	organization, user, err := m.Store.GetRecipient(ctx, ref, id)
	if err == nil && user.Status != cell.UserActive {
		err = fault.New(fault.NotFound, "the user is disabled")
	}
	return organization, cell.Mail{Name: user.Name, Email: user.Email, Text: text}, err
}
