package cell

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Mail is one e-mail: to whom, and what its template is filled in with.
type Mail struct {
	ID           string // of the message: the same at every attempt
	Name         string // of the recipient; may be empty
	Email        string
	Organization string
	URL          string // the tenant's base URL
	SigninURL    string // where users sign in
	Tenant       tenancy.ID
	Text         MailText
}

// MailText is what a mail of one kind says besides.
type MailText interface{ mailText() }

// WelcomeText greets the owner of a new tenant.
type WelcomeText struct{}

// InviteText asks somebody to join.
type InviteText struct {
	Token     InvitationToken
	ExpiresAt time.Time
}

// WebhookDisabledText tells an owner that an endpoint was stopped. It says of the
// URL only the host: the rest may be a secret.
type WebhookDisabledText struct {
	EndpointID  uuid.UUID
	Host        string
	Description string
	Reason      string
}

// PasswordText lets a user choose a password.
type PasswordText struct {
	Code      Secret
	First     bool // none is set yet
	ExpiresAt time.Time
}

// AddressText lets a user show that it reads its mail.
type AddressText struct {
	Code      Secret
	ExpiresAt time.Time
}

func (PasswordText) mailText()        {}
func (AddressText) mailText()         {}
func (WelcomeText) mailText()         {}
func (InviteText) mailText()          {}
func (WebhookDisabledText) mailText() {}

// WelcomePayload is the payload of a WelcomeEmail job.
type WelcomePayload struct {
	UserID uuid.UUID `json:"user_id"`
}

// InvitePayload is the payload of an InviteEmail job.
type InvitePayload struct {
	InvitationID uuid.UUID `json:"invitation_id"`
}

// WebhookDisabledPayload is the payload of a WebhookDisabledEmail job.
type WebhookDisabledPayload struct {
	EndpointID uuid.UUID `json:"endpoint_id"`
	UserID     uuid.UUID `json:"user_id"` // who is told
}

// CodePayload is the payload of jobs that mail a code. The user may be nobody:
// whether an address is known shows neither in a job nor in when it is made.
type CodePayload struct {
	UserID uuid.UUID `json:"user_id"`
}
