package app

import (
	"context"
	"net/http"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/cells"
	"github.com/coditect/platform/controlplane/internal/custody"
	"github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/controlplane/internal/dnscheck"
	"github.com/coditect/platform/controlplane/internal/httpapi"
	"github.com/coditect/platform/controlplane/internal/migration"
	"github.com/coditect/platform/controlplane/internal/natsbus"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/recovery"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
)

// parts is the assembled program: what answers and what runs by itself.
type parts struct {
	handler http.Handler
	signin  http.Handler // nil where nobody signs in
	loops   loops
	house   *gatehouse
}

func assemble(opts Options, db *postgres.DB, admin *telemetry.Admin, stack *run.Stack) (parts, error) {
	conn, stream, err := natsbus.Connect(opts.NATSURL, opts.Log)
	if err != nil {
		return parts{}, err
	}
	stack.PushClose("nats", conn.Close)
	client := cellclient.New(postgres.CellStore{DB: db}, opts.ControlKey, opts.Clock)
	stack.PushClose("cell client", client.Close)
	if opts.Resolver == nil {
		opts.Resolver = &dnscheck.Resolver{}
	}
	announcer := postgres.NewAnnouncer()
	mover := newMover(opts, db, client, admin)
	stack.PushClose("migrations", mover.Finish)
	till := newTill(opts, db, client, admin, stack)
	moves := newMigrations(opts, db, client, mover)
	rescue := recovery.Service{
		Cells: postgres.CellStore{DB: db}, Directory: postgres.TenantStore{DB: db}, Rewriter: postgres.RecoveryStore{DB: db}, Doors: client, Moves: moves,
	}
	house, err := newGatehouse(opts, db, client, stack)
	if err != nil {
		return parts{}, err
	}
	reception, err := newReception(opts, db, client, admin.Registry)
	if err != nil {
		return parts{}, err
	}
	handler, err := newHandler(opts, db, admin, client, announcer, moves, rescue, till, house, reception)
	if err != nil {
		return parts{}, err
	}
	emails := newEmails(opts, db, client)
	signin, err := newSignin(opts, db, client, emails, house, reception, admin.Registry)
	if err != nil {
		return parts{}, err
	}
	log := postgres.DirectoryStore{DB: db}
	relay := &natsbus.Relay{Changed: announcer.Changed, Stream: stream, Lead: func(ctx context.Context, fn func(context.Context, natsbus.Outbox) error) (bool, error) {
		return log.Lead(ctx, func(ctx context.Context, o postgres.Outbox) error { return fn(ctx, o) })
	}}
	return parts{handler: handler, signin: signin, house: house, loops: newLoops(opts, db, client, announcer, relay, mover, rescue, newGauges(admin.Registry, db), till, emails, admin)}, nil
}

func newHandler(opts Options, db *postgres.DB, admin *telemetry.Admin, client *cellclient.Client, announcer *postgres.Announcer,
	moves migration.Service, rescue recovery.Service, till *till, house *gatehouse, reception reception,
) (http.Handler, error) {
	cellStore, tenants := postgres.CellStore{DB: db, BeginCordoned: opts.CordonNewCells}, postgres.TenantStore{DB: db}
	options := httpapi.Options{
		Offered: opts.Offered,
		Cells:   cells.Service{Store: cellStore, Door: client, Domain: opts.Domain, Clock: opts.Clock},
		Reader:  directory.Reader{Log: postgres.DirectoryStore{DB: db}, Announcer: announcer},
		Tenants: directory.Tenants{TenantStore: tenants, Cells: cellStore, Plans: controlplane.PlansOf(opts.Offered), Clock: opts.Clock},
		Domains: directory.Domains{Store: postgres.DomainStore{DB: db}, Tenants: tenants, Resolver: opts.Resolver, Own: opts.Domain},
		Importer: &directory.Importer{
			Store: postgres.ImportStore{DB: db}, Cells: cellStore, Batch: client, Plans: controlplane.PlansOf(opts.Offered), Master: opts.ControlKey, Clock: opts.Clock, Log: opts.Log,
		},
		Onboarding: reception.signUps,
		Migrations: moves,
		Recovery:   rescue,
		AuditLogs:  custody.Audits{Records: postgres.CheckpointStore{DB: db}, Tenants: tenants, Cells: client},
		Signups:    reception.throttle, Proxies: opts.TrustedProxies,
		Callers: house.callers(opts, db),
		Audit:   postgres.AuditStore{DB: db},
		Clock:   opts.Clock, Log: opts.Log, Registry: admin.Registry,
	}
	if till != nil {
		options.Desk, options.Hooks, options.Inbox, options.Refused = &till.desk, till.hooks, till.inbox, till.metrics.Refused
	}
	options.Identity = options.Callers.Keys
	house.serve(&options, opts)
	return httpapi.New(options)
}

// newMigrations is what operators do with migrations.
func newMigrations(opts Options, db *postgres.DB, client *cellclient.Client, mover *migration.Worker) migration.Service {
	store := postgres.MigrationStore{DB: db}
	return migration.Service{
		Records: store, Orders: store, Certificates: store, Windows: store,
		Parties: client, Tenants: postgres.TenantStore{DB: db}, Cells: postgres.CellStore{DB: db, BeginCordoned: opts.CordonNewCells},
		Plans: controlplane.PlansOf(opts.Offered), Key: controlplane.NewCertificateKey(opts.ControlKey), Clock: opts.Clock, Wake: mover.Wake,
	}
}

// newMover returns this replica's worker of migrations.
func newMover(opts Options, db *postgres.DB, client *cellclient.Client, admin *telemetry.Admin) *migration.Worker {
	store := postgres.MigrationStore{DB: db}
	return migration.NewWorker(migration.Options{
		Leases: store, Steps: store, Certificates: store, Parties: client, Tenants: postgres.TenantStore{DB: db}, Cells: postgres.CellStore{DB: db},
		Key: controlplane.NewCertificateKey(opts.ControlKey), Clock: opts.Clock, Wait: wait, Log: opts.Log, Metrics: migration.NewMetrics(admin.Registry),
	})
}

// wait returns nil after d, or ctx's error if that ends earlier.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
