package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Mailer sends mail. It is an interface because use-cases do not know SMTP.
type Mailer interface {
	Send(ctx context.Context, m cell.Mail) error
}

// Post sends the mails of jobs.
type Post struct {
	Mailer    Mailer
	TenantURL string // with {slug} in place of the tenant's
	SigninURL string // where users sign in
	Domain    string // right side of message ids
}

// Author writes the mail of a job of one kind: all but its id and URL. NotFound
// says that there is nobody any more who is to get it.
type Author[Payload any] func(ctx context.Context, ref cell.JobRef, p Payload) (cell.Organization, cell.Mail, error)

// Email is the effect of jobs that send one mail. The mail is sent before the
// job is done, so that none is lost; an attempt after one whose outcome nobody
// knows (the worker died, or the server's answer did not come) sends it again,
// under the same id, by which mail servers and readers see that it is the same.
// Once the server has taken it and the job is done, it is never sent again.
func Email[Payload any](p Post, write Author[Payload]) Effect {
	return func(ctx context.Context, task *Task) (cell.Outcome, error) {
		var payload Payload
		if err := json.Unmarshal(task.Job.Payload, &payload); err != nil {
			return cell.Outcome{}, fmt.Errorf("payload: %w", err)
		}
		organization, mail, err := write(ctx, task.Ref, payload)
		if fault.CodeOf(err) == fault.NotFound {
			return cell.Outcome{}, nil
		}
		if err != nil {
			return cell.Outcome{}, fmt.Errorf("find recipient: %w", err)
		}
		mail.ID, mail.Organization = task.Ref.JobID.String()+"@"+p.Domain, organization.Name
		mail.URL = strings.ReplaceAll(p.TenantURL, "{slug}", string(organization.Slug))
		mail.SigninURL, mail.Tenant = p.SigninURL, task.Ref.TenantID
		if err := p.Mailer.Send(ctx, mail); err != nil {
			return cell.Outcome{}, &Failure{Public: "the mail server did not take the message", Cause: err}
		}
		return cell.Outcome{}, nil
	}
}
