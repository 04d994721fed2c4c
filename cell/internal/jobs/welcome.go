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

// WelcomeStore finds whom to welcome. It is an interface because use-cases do
// not know the database.
type WelcomeStore interface {
	GetWelcome(ctx context.Context, ref cell.JobRef, userID uuid.UUID) (cell.Organization, cell.User, error)
}

// Mailer sends mail. It is an interface because use-cases do not know SMTP.
type Mailer interface {
	SendWelcome(ctx context.Context, w cell.Welcome) error
}

// WelcomeEmail is the effect of jobs of that kind.
type WelcomeEmail struct {
	Store     WelcomeStore
	Mailer    Mailer
	TenantURL string // with {slug} in place of the tenant's
	Domain    string // right side of message ids
}

// Do sends the mail. A user who is gone or disabled is not welcomed any more.
func (e WelcomeEmail) Do(ctx context.Context, task *Task) (cell.Outcome, error) {
	var payload cell.WelcomePayload
	if err := json.Unmarshal(task.Job.Payload, &payload); err != nil {
		return cell.Outcome{}, fmt.Errorf("payload: %w", err)
	}
	organization, user, err := e.Store.GetWelcome(ctx, task.Ref, payload.UserID)
	if fault.CodeOf(err) == fault.NotFound || err == nil && user.Status != cell.UserActive {
		return cell.Outcome{}, nil
	}
	if err != nil {
		return cell.Outcome{}, fmt.Errorf("find recipient: %w", err)
	}
	err = e.Mailer.SendWelcome(ctx, cell.Welcome{
		MessageID: task.Ref.JobID.String() + "@" + e.Domain, Name: user.Name, Email: user.Email, Organization: organization.Name,
		URL: strings.ReplaceAll(e.TenantURL, "{slug}", string(organization.Slug)),
	})
	if err != nil {
		return cell.Outcome{}, &Failure{Public: "the mail server did not take the message", Cause: err}
	}
	return cell.Outcome{}, nil
}
