package main

import (
	"context"
	"flag"
	"os"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/shared/telemetry"
)

// kind is that of the jobs here.
const kind cell.JobKind = "bench"

// work is the cell's worker, with its own defaults.
func work(ctx context.Context, args []string, env func(string) string) error {
	opts := app.DefaultWorkerOptions()
	opts.Cell = "cell-bench"
	opts.DatabaseURL, opts.RelayDatabaseURL, opts.AMQPURL = env("CELL_DATABASE_URL"), env("CELL_RELAY_DATABASE_URL"), env("CELL_AMQP_URL")
	opts.Log = telemetry.NewLogger(os.Stderr, "info", "jobload")
	f := flag.NewFlagSet("jobload worker", flag.ContinueOnError)
	f.StringVar(&opts.AdminListen, "admin-listen", opts.AdminListen, "address of health, metrics and profiles")
	f.StringVar(&opts.BlobURL, "blob-url", opts.BlobURL, "bucket for files")
	if err := f.Parse(args); err != nil {
		return err
	}
	opts.Kinds = []jobs.Kind{{Name: kind, Do: effect}}
	return app.RunWorker(ctx, opts)
}

// effect is the least that a job can change: one row, in the transaction that
// marks it done.
func effect(_ context.Context, task *jobs.Task) (cell.Outcome, error) {
	return cell.Outcome{Change: citus.AuditJob(cell.AuditEntry{
		Action: "bench.done", SubjectType: "job", SubjectID: task.Ref.JobID, Details: map[string]any{},
	})}, nil
}
