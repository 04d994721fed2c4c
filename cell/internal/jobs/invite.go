package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// InvitationStore finds whom to invite. It is an interface because use-cases do
// not know the database.
type InvitationStore interface {
	AddInvitationToken(ctx context.Context, ref cell.JobRef, id uuid.UUID, hash []byte) (cell.Organization, cell.Invitation, error)
}

// InvitationMailer sends invitations. It is an interface because use-cases do
// not know SMTP.
type InvitationMailer interface {
	SendInvite(ctx context.Context, i cell.Invite) error
}

// InviteEmail is the effect of jobs of that kind.
type InviteEmail struct {
	Store     InvitationStore
	Mailer    InvitationMailer
	TenantURL string // with {slug} in place of the tenant's
	Domain    string // right side of message ids
}

// Do sends the mail. Its token is made here and known to nobody but the mail:
// an attempt after a failure makes another one, and both are good, since the
// first mail may have arrived. An invitation that ended is not mailed.
func (e InviteEmail) Do(ctx context.Context, task *Task) (cell.Outcome, error) {
	var payload cell.InvitePayload
	if err := json.Unmarshal(task.Job.Payload, &payload); err != nil {
		return cell.Outcome{}, fmt.Errorf("payload: %w", err)
	}
	token := cell.NewInvitationToken(payload.InvitationID)
	organization, invitation, err := e.Store.AddInvitationToken(ctx, task.Ref, payload.InvitationID, token.Hash())
	if fault.CodeOf(err) == fault.NotFound {
		return cell.Outcome{}, nil
	}
	if err != nil {
		return cell.Outcome{}, fmt.Errorf("find invitation: %w", err)
	}
	err = e.Mailer.SendInvite(ctx, cell.Invite{
		MessageID: task.Ref.JobID.String() + "@" + e.Domain, Email: invitation.Email, Organization: organization.Name, Token: token,
		URL: strings.ReplaceAll(e.TenantURL, "{slug}", string(organization.Slug)), ExpiresAt: invitation.ExpiresAt.UTC(),
	})
	if err != nil {
		return cell.Outcome{}, &Failure{Public: "the mail server did not take the message", Cause: err}
	}
	return cell.Outcome{}, nil
}
