package app

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/egress"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/mail"
	"github.com/coditect/platform/cell/internal/report"
	"github.com/coditect/platform/cell/internal/webhooks"
)

// kinds is the one table of what jobs a cell does: a kind a line.
func kinds(opts WorkerOptions, store *citus.Store, blobs *blob.Store, mailer *mail.Mailer, guard *egress.Guard) []jobs.Kind {
	deliver := webhooks.Deliver{Store: store, Sender: sender{guard}, Clock: time.Now}
	return []jobs.Kind{
		{Name: cell.WelcomeEmail, Do: jobs.WelcomeEmail{Store: store, Mailer: mailer, TenantURL: opts.TenantURL, Domain: opts.Domain}.Do},
		{Name: cell.ReportJob, Do: jobs.Report{Store: store, Blobs: blobs, CSV: report.CSV, PDF: report.PDF, Audit: citus.AuditJob}.Do},
		{Name: cell.WebhookDelivery, Do: func(ctx context.Context, task *jobs.Task) (cell.Outcome, error) {
			return deliver.Do(ctx, task.Ref, task.Job)
		}},
		{Name: cell.InviteEmail, Do: jobs.InviteEmail{Store: store, Mailer: mailer, TenantURL: opts.TenantURL, Domain: opts.Domain}.Do},
	}
}

// systemSchedules are what a cell does for every tenant again and again.
var systemSchedules []cell.Schedule
