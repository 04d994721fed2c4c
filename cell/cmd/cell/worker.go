package main

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/telemetry"
)

func worker(env func(string) string) *cobra.Command {
	opts := app.DefaultWorkerOptions()
	level := "info"
	cmd := &cobra.Command{
		Use: "worker", Short: "Do the cell's jobs", Args: cobra.NoArgs,
		Long: "Do the cell's jobs.\n\nSecrets come from the environment: CELL_DATABASE_URL (role cell_app), CELL_RELAY_DATABASE_URL (role\n" +
			"cell_relay, direct), CELL_AMQP_URL (amqp://user:password@host:port/vhost) and CELL_REDIS_URL (as for cell api).",
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.DatabaseURL, opts.RelayDatabaseURL, opts.AMQPURL = env("CELL_DATABASE_URL"), env("CELL_RELAY_DATABASE_URL"), env("CELL_AMQP_URL")
			opts.RedisURL = env("CELL_REDIS_URL")
			opts.Log = telemetry.NewLogger(cmd.ErrOrStderr(), level, "cell-worker").With("cell", opts.Cell)
			return app.RunWorker(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Cell, "cell", opts.Cell, "the cell's name")
	f.StringVar(&opts.AdminListen, "admin-listen", opts.AdminListen, "address of health, metrics and profiles")
	f.StringVar(&opts.SMTP, "smtp", opts.SMTP, "host:port of the mail server")
	f.StringVar(&opts.MailFrom, "mail-from", opts.MailFrom, "sender of the cell's e-mails")
	f.StringVar(&opts.Domain, "domain", opts.Domain, "the platform's own domain")
	f.StringVar(&opts.TenantURL, "tenant-url", opts.TenantURL, "a tenant's base URL, with {slug}")
	f.StringVar(&opts.SigninURL, "signin-url", opts.SigninURL, "base URL of the pages where users sign in")
	f.IntVar(&opts.Concurrency, "concurrency", opts.Concurrency, "jobs done at once, in each of three lanes")
	f.StringVar(&opts.BlobURL, "blob-url", opts.BlobURL, "bucket for files: file:///directory, the same for api and worker")
	f.Int32Var(&opts.DatabaseConns, "database-conns", opts.DatabaseConns, "most connections to the database")
	f.DurationVar(&opts.QueuedLimit, "queued-limit", opts.QueuedLimit, "a job queued for longer counts as lost by the broker")
	egressFlags(cmd, &opts.Egress)
	observeFlags(cmd, &opts.Observe)
	f.StringVar(&level, "log-level", level, levelUsage)
	return cmd
}
