package directory

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	importBatch    = 1000
	batchesAtOnce  = 2 // one in the database, one in the cells
	importAttempts = 3 // how often a batch meets a cell that filled up meanwhile
)

// ImportStore creates tenants a batch at a time. The consumer's own interface:
// a test can end the import between any two steps.
type ImportStore interface {
	Find(ctx context.Context, ids []tenancy.ID, slugs []string) (ImportState, error)
	Create(ctx context.Context, tenants []controlplane.Tenant, state directory.State) ([]controlplane.Tenant, error)
	Commit(ctx context.Context, ids []tenancy.ID) ([]tenancy.ID, error)
	Abandon(ctx context.Context, tenants []controlplane.Tenant, removeAt time.Time) error
	Abandoned(ctx context.Context, before time.Time, limit int) ([]controlplane.Tenant, error)
}

// ImportState is what the directory knows of a batch's ids and slugs.
type ImportState = controlplane.ImportState

// CellBatch creates tenants in a cell, prepared and live at once; idempotent.
// The answer has an error, or nil, for each tenant.
type CellBatch interface {
	CreateBatch(ctx context.Context, cell string, residents []controlplane.Resident) ([]error, error)
}

// CellLister lists the cells to place tenants in.
type CellLister interface {
	All(ctx context.Context) ([]controlplane.Cell, error)
}

// Importer imports tenants in bulk.
//
// A batch is: look up what is there already; place and create the rest,
// provisioning; create them in their cells; commit them, active. What fails on
// the way is given up again, and what a crash leaves provisioning is finished
// by repeating the import or given up by the [ImportSweeper]. Without cells the
// batch is created active at once.
type Importer struct {
	Store  ImportStore
	Cells  CellLister
	Batch  CellBatch
	Plans  controlplane.Plans
	Master []byte // key that owners' API keys are derived from
	Clock  func() time.Time
	Log    *slog.Logger
}

// ImportStatus is what became of a line.
type ImportStatus string

// The fates of a line.
const (
	ImportCreated ImportStatus = "created"
	ImportExists  ImportStatus = "exists"
	ImportFailed  ImportStatus = "failed"
)

// ImportResult is the outcome of one line.
type ImportResult struct {
	Line   int64 // from 1
	Status ImportStatus
	Tenant controlplane.Tenant // as far as known
	APIKey string              // of the owner, when created with cells
	Err    error               // with failed
}

// Run imports the lines of r and calls emit, never twice at once, with each
// batch's results. It returns when all is imported, or with the first error of
// reading, emitting or the database; lines are no error.
func (im *Importer) Run(ctx context.Context, r io.Reader, withCells bool, emit func([]ImportResult) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(batchesAtOnce)
	var emitting sync.Mutex
	lines := newLineReader(r)
	for ctx.Err() == nil {
		batch, err := lines.batch(importBatch)
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		if len(batch) == 0 {
			break
		}
		group.Go(func() error {
			if err := im.importBatch(ctx, batch, withCells); err != nil {
				return err
			}
			emitting.Lock()
			defer emitting.Unlock()
			return emit(results(batch))
		})
	}
	return group.Wait()
}

// importBatch settles every item of the batch.
func (im *Importer) importBatch(ctx context.Context, batch []*item, withCells bool) error {
	for try := 1; ; try++ {
		waiting, err := im.classify(ctx, batch)
		if err != nil {
			return err
		}
		err = im.create(ctx, waiting, withCells)
		if fault.CodeOf(err) == fault.Stale && try < importAttempts {
			continue
		}
		if fault.CodeOf(err) == fault.Stale {
			failAll(waiting, err)
			err = nil
		}
		if err != nil || !withCells {
			return err
		}
		return im.provision(ctx, batch)
	}
}

// create places the items that are new and creates them in the directory.
func (im *Importer) create(ctx context.Context, waiting []*item, withCells bool) error {
	if err := im.place(ctx, waiting, withCells); err != nil {
		return err
	}
	state := directory.Active
	if withCells {
		state = directory.Provisioning
	}
	tenants := make([]controlplane.Tenant, 0, len(waiting))
	byID := make(map[tenancy.ID]*item, len(waiting))
	for _, it := range waiting {
		if it.status == "" {
			tenants = append(tenants, it.tenant)
			byID[it.tenant.TenantID] = it
		}
	}
	if len(tenants) == 0 {
		return nil
	}
	created, err := im.Store.Create(ctx, tenants, state)
	if err != nil {
		return err
	}
	for _, t := range created {
		byID[t.TenantID].created(withCells)
		delete(byID, t.TenantID)
	}
	for _, it := range byID { // somebody else's batch was quicker
		it.fail(fault.New(fault.Conflict, "the slug was taken a moment ago; repeat the import to see by whom"))
	}
	return nil
}
