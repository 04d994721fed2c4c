package app

import (
	"net/http"
	"runtime"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/billing"
	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/credentials"
	"github.com/coditect/platform/cell/internal/door"
	"github.com/coditect/platform/cell/internal/egress"
	"github.com/coditect/platform/cell/internal/events"
	"github.com/coditect/platform/cell/internal/graph"
	"github.com/coditect/platform/cell/internal/httpapi"
	"github.com/coditect/platform/cell/internal/internalapi"
	"github.com/coditect/platform/cell/internal/jobs"
	"github.com/coditect/platform/cell/internal/membership"
	"github.com/coditect/platform/cell/internal/metering"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/cell/internal/residency"
	"github.com/coditect/platform/cell/internal/standing"
	"github.com/coditect/platform/cell/internal/transfer"
	"github.com/coditect/platform/cell/internal/webhooks"
	"github.com/coditect/platform/cell/internal/workspaces"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/password"
	"github.com/coditect/platform/shared/telemetry"
)

// handlers introduces the two APIs to their use-cases, and those to the database. The memory and the control plane may be nil.
func handlers(opts APIOptions, store *citus.Store, blobs *blob.Store, mover *citus.Mover, moves *transfers, memory *rediscache.Cache, hub *events.Hub, meter *membership.Meter, usage *metering.Meter, guard *standing.Guard, admin *telemetry.Admin, plane *membership.Client) (tenantFacing, internal http.Handler, err error) {
	targets := egress.New(opts.Egress.options()) // only looks at URLs
	usageReports := metering.Reports{Recorded: store, Clock: opts.Clock}
	answers, err := graph.New(store, usageReports.Span, opts.Log)
	if err != nil {
		return nil, nil, err
	}
	auditor := chain.Auditor{
		Read:      func(call *cell.Call) chain.Reader { return store.ReadChain(call) },
		PublicKey: chain.NewSigner(opts.Cell, opts.ControlKey, opts.Clock).PublicKey(),
	}
	tenantOptions := httpapi.Options{
		UseCases: httpapi.UseCases{
			Organizations: workspaces.Organizations{Store: store},
			Users:         workspaces.Users{Store: store},
			Keys:          workspaces.Keys{Store: store},
			Roles:         workspaces.Roles{Store: store, Callers: store},
			Sessions:      workspaces.Sessions{Store: store},
			Invitations:   workspaces.Invitations{Store: store},
			Workspaces:    workspaces.Workspaces{Store: store},
			Members:       workspaces.Members{Store: store},
			Projects:      workspaces.Projects{Store: store, Bulk: store},
			History:       workspaces.History{Store: store},
			Auditor:       auditor,
			Events:        hub,
			Usage:         usageReports,
			Endpoints:     webhooks.Endpoints{Store: store, Targets: targets},
			Deliveries:    webhooks.Deliveries{Store: store},
			Jobs:          jobs.Board{Store: store},
			Schedules:     jobs.Schedules{Store: store, Clock: opts.Clock},
			Files:         jobs.Files{Store: store, Blobs: moves.files, Clock: opts.Clock},
			Graph:         answers,
			Billing:       billing.Desk{Store: store},
		},
		Guard: behind(door.Guard(cellapi.NewSigner(opts.EdgeKey), opts.Clock), guard.Door(nothing)), Log: opts.Log, Registry: admin.Registry, Served: meter.Add, Counted: usage.Call,
	}
	lives, fences := residency.Residency{Fences: mover, Inventory: mover, Reconciler: mover}, transfer.Fences{FenceRows: mover, Shelf: blobs}
	if memory != nil { // a nil *Cache would not be a nil interface
		tenantOptions.Memory, lives.Memory, fences.Memory = memory, memory, memory
	}
	if plane != nil { // likewise
		tenantOptions.UseCases.Billing.ControlPlane = billing.NewBulkhead(plane)
	}
	tenantFacing, err = httpapi.New(tenantOptions)
	if err != nil {
		return nil, nil, err
	}
	internal, err = internalapi.New(internalapi.Options{
		Cell: opts.Cell, Residency: lives, Database: mover, Fences: fences, Exporter: moves.exporter, Importer: moves.importer, Anchors: mover, Auditor: auditor,
		Sessions: workspaces.Sessions{Store: store}, SignIn: signIn(opts, store), Sets: mover,
		Archive: archive(opts.Cell, opts.ControlKey, opts.Clock, mover), Usage: mover, Late: metering.Late{Leavings: mover, Recorder: store},
		Guard: behind(door.Tickets(door.Guard(cellapi.NewSigner(opts.ControlKey), opts.Clock), opts.ControlKey, opts.Cell, opts.Clock), guard.Door(internalapi.Reconciles)),
		Log:   opts.Log, Registry: admin.Registry,
	})
	return tenantFacing, internal, err
}

// signIn introduces the use-cases of signing in. Passwords are hashed on as many
// processors as there are: a hash keeps one busy.
func signIn(opts APIOptions, store *citus.Store) internalapi.SignIn {
	hasher := password.NewHasher(opts.PasswordCost, runtime.GOMAXPROCS(0))
	return internalapi.SignIn{
		Logins:    credentials.Logins{Store: store, Hasher: hasher, Clock: opts.Clock},
		Steps:     credentials.SecondSteps{Store: store, Clock: opts.Clock},
		Passkeys:  credentials.Passkeys{Store: store, Clock: opts.Clock},
		Passwords: credentials.Passwords{Store: store, Hasher: hasher, Clock: opts.Clock},
		Account:   credentials.Account{Store: store, Clock: opts.Clock},
	}
}
