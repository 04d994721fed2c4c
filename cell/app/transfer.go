package app

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/cell/internal/changestream"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/sourcecell"
	"github.com/coditect/platform/cell/internal/standing"
	"github.com/coditect/platform/cell/internal/transfer"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	// exportLimit is how many tenants may leave at once, returnLimit how many may
	// have a way back open: the server decodes its whole log for each.
	exportLimit = 4
	returnLimit = 8
	// importLimit is how many may arrive at once.
	importLimit = 4
	// unseenExport is how long an export is kept that nobody asks for.
	unseenExport = 30 * time.Minute
	// sweepInterval is how often exports are looked after.
	sweepInterval = time.Second
)

// transfers is the cell's part in migrations.
type transfers struct {
	exporter *transfer.Exporter
	importer transfer.Importer
	runner   *transfer.Runner
	files    transfer.Bookcase
	sources  *sourcecell.Cells
}

func newTransfers(opts APIOptions, store *citus.Store, mover *citus.Mover, blobs *blob.Store) *transfers {
	sources := sourcecell.New()
	runner := &transfer.Runner{
		Work: importWork{mover}, Files: mover, Shelf: blobs, Sources: sources, Digester: mover, Warmer: store, Log: opts.Log,
		Decoder: func(tables []cell.Table) transfer.Decoder { return changestream.NewDecoder(tables) },
	}
	return &transfers{
		exporter: &transfer.Exporter{
			Rows: mover, Contacts: mover, Publications: mover, Logs: logs{mover}, Contents: mover, Digester: mover, Shelf: blobs,
			Log: opts.Log, Limits: cell.ExportLimits{Forward: exportLimit, Reverse: returnLimit}, MaxRetained: opts.RetainedLog, Unseen: unseenExport,
		},
		importer: transfer.Importer{Rows: mover, Progress: mover, Work: importWork{mover}, Contents: mover, Digester: mover, Sources: sources, Shelf: blobs, Wake: runner.Wake, Limit: importLimit},
		files:    transfer.Bookcase{Shelf: blobs, Work: mover, Sources: sources},
		runner:   runner, sources: sources,
	}
}

// run does the work of migrations until ctx ends.
func (t *transfers) run(ctx context.Context, opts APIOptions, guard *standing.Guard, group *errgroup.Group) {
	group.Go(func() error { return guard.While(ctx, t.runner.Run) })
	group.Go(func() error {
		return upkeep(opts.Log, "export sweep", sweepInterval, 10*time.Second).Run(ctx, guard.Hold(t.exporter.Sweep))
	})
}

// close releases what migrations hold.
func (t *transfers) close() {
	t.exporter.CloseAll()
	t.sources.CloseIdle()
}

// logs lets the transfer package find the server that has a tenant's log.
type logs struct{ mover *citus.Mover }

// LogOf implements transfer.Logs.
func (l logs) LogOf(ctx context.Context, id tenancy.ID) (transfer.Log, error) {
	dsn, tables, err := l.mover.LogOf(ctx, id)
	return changestream.Server{DSN: dsn, Tables: tables}, err
}

// importWork lets the transfer package see the database's sessions as its own.
type importWork struct{ *citus.Mover }

// LeadImport implements transfer.Work.
func (w importWork) LeadImport(ctx context.Context, i cell.Import) (transfer.Session, error) {
	session, err := w.Mover.LeadImport(ctx, i)
	if err != nil || session == nil {
		return nil, err // a nil *ImportSession would not be a nil interface
	}
	return session, nil
}
