package app

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/custody"
	"github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/controlplane/internal/natsbus"
	"github.com/coditect/platform/controlplane/internal/onboarding"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/recovery"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
)

// loops is the work that nobody asks for, each with its runOnce.
type loops struct {
	log  *slog.Logger
	jobs []job
}

type job struct {
	name     string
	interval time.Duration
	maxPause time.Duration // after failures
	runOnce  func(context.Context) error
	wake     <-chan struct{} // optional: run now
}

// spreads reports that nobody waits for the job when the process starts. Begun
// together such jobs open a connection each; those that come hourly would be late.
func (j job) spreads() bool { return j.interval >= 2*time.Second && j.interval <= time.Minute }

func newLoops(opts Options, db *postgres.DB, client *cellclient.Client, announcer *postgres.Announcer, relay *natsbus.Relay, mover *migration.Worker, rescue recovery.Service, gauges *gauges, till *till, emails *identity.Emails, admin *telemetry.Admin) loops {
	log, signups, imports := postgres.DirectoryStore{DB: db}, postgres.SignupStore{DB: db}, postgres.ImportStore{DB: db}
	sweeper := &onboarding.Sweeper{
		Backlog: signups, Ledger: signups, Steps: signups, Removals: postgres.RemovalStore{DB: db}, Residence: client, Clock: opts.Clock,
	}
	importSweeper := &directory.ImportSweeper{Store: imports, Clock: opts.Clock}
	reaper := &directory.Reaper{Store: postgres.TenantStore{DB: db}, Cells: client, Clock: opts.Clock}
	auditor := directory.PlanAuditor{Cells: postgres.CellStore{DB: db}, Inventories: client, Records: postgres.TenantStore{DB: db}}
	courier := &directory.PlanCourier{Orders: postgres.PlanOrderStore{DB: db}, Cells: client, Clock: opts.Clock}
	summer := migration.Summer{Sums: postgres.MigrationStore{DB: db}, Key: controlplane.NewCertificateKey(opts.ControlKey), Clock: opts.Clock}
	pruner := &directory.Pruner{Store: log, Keep: opts.KeepChanges, Age: opts.KeepFor, Clock: opts.Clock}
	collector := &custody.Collector{
		Store: postgres.CheckpointStore{DB: db}, Cells: postgres.CellStore{DB: db}, Source: client, Master: opts.ControlKey, Clock: opts.Clock, Log: opts.Log,
		Suspect: custody.NewSuspectCounter(admin.Registry),
	}
	keeper := &recovery.Keeper{Service: rescue, Log: opts.Log}
	listen := func(ctx context.Context) error { return log.Listen(ctx, announcer) }
	l := loops{log: opts.Log, jobs: []job{
		{"listen", 500 * time.Millisecond, 2 * time.Second, listen, nil},
		{"relay", time.Second, 2 * time.Second, relay.RunOnce, nil},
		{"signup sweeper", 5 * time.Second, 30 * time.Second, sweeper.RunOnce, nil},
		{"migrations", time.Second, 5 * time.Second, mover.RunOnce, mover.Woken()},
		{"restored cells", time.Second, 30 * time.Second, keeper.RunOnce, nil},
		{"late usage", 10 * time.Second, time.Minute, migration.UsageCourier{Meters: client, Tenants: postgres.TenantStore{DB: db}, Cells: postgres.CellStore{DB: db}}.RunOnce, nil},
		{"certificates", 2 * time.Second, time.Minute, summer.RunOnce, nil},
		{"reaper", 5 * time.Second, time.Minute, reaper.RunOnce, nil},
		{"plan courier", 500 * time.Millisecond, 30 * time.Second, courier.RunOnce, nil},
		{"plan audit", time.Hour, 10 * time.Minute, auditor.RunOnce, nil},
		{"e-mail index", emailInterval, 30 * time.Second, emails.RunOnce, nil},
		{"import sweeper", time.Minute, 5 * time.Minute, importSweeper.RunOnce, nil},
		{"pruner", time.Minute, 5 * time.Minute, pruner.RunOnce, nil},
		{"audit checkpoints", time.Minute, 10 * time.Minute, collector.RunOnce, nil},
		{"gauges", 2 * time.Second, 10 * time.Second, gauges.runOnce, nil},
	}}
	l.jobs = append(l.jobs, till.jobs(opts)...)
	return l
}

// run runs every job until ctx ends.
func (l loops) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, j := range l.jobs {
		loop := run.Loop{Name: j.name, Interval: j.interval, MaxPause: j.maxPause, Wake: j.wake, Spread: j.spreads(), Log: l.log}
		group.Go(func() error { return loop.Run(ctx, j.runOnce) })
	}
	return group.Wait()
}
