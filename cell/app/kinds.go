package app

import (
	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/mail"
)

// kinds is the one table of what jobs a cell does: a kind a line.
func kinds(opts WorkerOptions, store *citus.Store, mailer *mail.Mailer) []jobs.Kind {
	return []jobs.Kind{
		{Name: cell.WelcomeEmail, Do: jobs.WelcomeEmail{Store: store, Mailer: mailer, TenantURL: opts.TenantURL, Domain: opts.Domain}.Do},
	}
}
