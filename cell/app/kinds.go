package app

import (
	"context"
	"io"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/egress"
	"github.com/coditect/platform/cell/internal/export"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/mail"
	"github.com/coditect/platform/cell/internal/report"
	"github.com/coditect/platform/cell/internal/webhooks"
)

// kinds is the one table of what jobs a cell does: a kind a line.
func kinds(opts WorkerOptions, store *citus.Store, blobs *blob.Store, mailer *mail.Mailer, guard *egress.Guard) []jobs.Kind {
	deliver := webhooks.Deliver{Store: store, Sender: sender{guard}, Clock: time.Now}
	post, mails := jobs.Post{Mailer: mailer, TenantURL: opts.TenantURL, SigninURL: opts.SigninURL, Domain: opts.Domain}, jobs.Mails{Store: store}
	return []jobs.Kind{
		{Name: cell.WelcomeEmail, Do: jobs.Email(post, mails.Welcome)},
		{Name: cell.InviteEmail, Do: jobs.Email(post, mails.Invite)},
		{Name: cell.PasswordEmail, Do: jobs.Email(post, mails.Password)},
		{Name: cell.AddressEmail, Do: jobs.Email(post, mails.Address)},
		{Name: cell.WebhookDisabledEmail, Do: jobs.Email(post, mails.WebhookDisabled)},
		{Name: cell.ReportJob, Do: jobs.Report{Store: store, Blobs: blobs, CSV: report.CSV, PDF: report.PDF, Audit: citus.AuditJob}.Do},
		{Name: cell.WebhookDelivery, Do: func(ctx context.Context, task *jobs.Task) (cell.Outcome, error) {
			return deliver.Do(ctx, task.Ref, task.Job)
		}},
		{Name: cell.DataExport, Timeout: exportTimeout, Do: jobs.Export{Store: store, Blobs: blobs, Write: copyWriter(opts.Cell, store), Clock: time.Now}.Do},
		{Name: cell.RetentionJob, Timeout: retentionTimeout, Do: jobs.Retention{Store: store, Blobs: blobs, Clock: time.Now}.Do},
		{Name: cell.UsageRollUp, Do: jobs.RollUp{Store: store, Clock: time.Now}.Do},
	}
}

// systemSchedules are what a cell does for every tenant again and again.
var systemSchedules = []cell.Schedule{
	{Name: "usage of days that are over", Cron: "10 0 * * *", TimeZone: "UTC", Kind: cell.UsageRollUp, Priority: cell.LowPriority},
	{Name: "what the plan keeps no longer", Cron: "20 3 * * *", TimeZone: "UTC", Kind: cell.RetentionJob, Priority: cell.LowPriority},
}

// What whole tenants take may last.
const (
	exportTimeout    = time.Hour
	retentionTimeout = 10 * time.Minute
)

// copyWriter writes a tenant's own copy: everything but secrets, and unsigned.
func copyWriter(name string, store *citus.Store) func(context.Context, cell.JobRef, io.Writer) error {
	exporter := export.Exporter{Cell: name, SchemaVersion: citus.SchemaVersion, Clock: time.Now}
	return func(ctx context.Context, ref cell.JobRef, out io.Writer) error {
		_, err := exporter.Export(ctx, func(ctx context.Context, read func(export.Content) error) error {
			call := &cell.Call{Tenant: ref.TenantID, System: true, RequestID: "job:" + ref.JobID.String()}
			return store.ReadContent(ctx, call, func(c *citus.Content) error { return read(c) })
		}, out)
		return err
	}
}
