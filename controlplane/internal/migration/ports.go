package migration

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// These interfaces are the package's own so that a test can end "the process"
// between any two calls, and can see each step.

// Leases hands migrations out to workers. A fault (stale) means that somebody
// else has the migration.
type Leases interface {
	Due(ctx context.Context, now time.Time, limit int) ([]controlplane.Migration, error)
	Take(ctx context.Context, id uuid.UUID, now, until time.Time) (controlplane.Migration, error)
	Renew(ctx context.Context, m controlplane.Migration, until time.Time) error
	Release(ctx context.Context, m controlplane.Migration, now, due time.Time) error
	Save(ctx context.Context, m controlplane.Migration) (controlplane.Migration, error)
}

// Steps are the durable steps of a worker, compare-and-set each.
type Steps interface {
	Start(ctx context.Context, m, next controlplane.Migration) (started bool, err error)
	NoteFreeze(ctx context.Context, m controlplane.Migration, freezeNo uint64) error
	Commit(ctx context.Context, m, next controlplane.Migration, from, to string, epoch uint64) error
	Advance(ctx context.Context, m, next controlplane.Migration) error
	Finish(ctx context.Context, m, next controlplane.Migration, left string) error
}

// Fence is a cell's authority over who may write.
type Fence interface {
	Size(ctx context.Context, cell string, id tenancy.ID) (controlplane.TenantSize, error)
	Freeze(ctx context.Context, cell string, m controlplane.Migration, epoch uint64, d time.Duration) (controlplane.Freeze, error)
	Seal(ctx context.Context, cell string, id tenancy.ID, epoch, freezeNo uint64) error
	Thaw(ctx context.Context, cell string, id tenancy.ID, epoch, freezeNo uint64) error
	Depart(ctx context.Context, cell string, id tenancy.ID, epoch, freezeNo uint64, to string) error
}

// Imports is what a cell does to receive a tenant.
type Imports interface {
	OpenImport(ctx context.Context, cell string, m controlplane.Migration, r controlplane.ImportRequest) (controlplane.ImportStatus, error)
	Import(ctx context.Context, cell string, m controlplane.Migration) (controlplane.ImportStatus, error)
	ChangeImport(ctx context.Context, cell string, m controlplane.Migration, paused bool, bytesPerSecond int64) error
	ActivateImport(ctx context.Context, cell string, m controlplane.Migration, epoch uint64) error
	CloseImport(ctx context.Context, cell string, m controlplane.Migration) error
}

// Comparison is how a receiving cell knows that it has everything.
type Comparison interface {
	Verify(ctx context.Context, cell string, m controlplane.Migration, changed bool) (controlplane.VerificationResult, error)
	Drain(ctx context.Context, cell string, m controlplane.Migration, position string, limit time.Duration, recheck bool) (controlplane.Drained, error)
}

// Exports is what a cell does to give a tenant away.
type Exports interface {
	TransferInfo(ctx context.Context, cell string) (controlplane.TransferInfo, error)
	OpenExport(ctx context.Context, cell string, m controlplane.Migration, epoch uint64, to string, reverse bool) error
	CloseExport(ctx context.Context, cell string, m controlplane.Migration) error
	CleanUp(ctx context.Context, cell string, m controlplane.Migration, epoch uint64) (remaining bool, err error)
}

// Restorations is what a cell does that was restored from a backup.
type Restorations interface {
	EndMoves(ctx context.Context, cell string) (exports, imports int, err error)
}

// Parties are the cells as the protocol talks to them. Every call is idempotent.
type Parties interface {
	Fence
	Imports
	Comparison
	Exports
	Restorations
}

// Tenants reads the directory.
type Tenants interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
	List(ctx context.Context, f controlplane.TenantFilter, page controlplane.Page) ([]controlplane.Tenant, error)
}

// Cells knows the cells and their load.
type Cells interface {
	Get(ctx context.Context, id string) (controlplane.Cell, error)
	All(ctx context.Context) ([]controlplane.Cell, error)
	SetState(ctx context.Context, id string, to, expected directory.CellState) (controlplane.Cell, error)
}

// Records is where migrations are kept, for those who do not work on them.
type Records interface {
	Create(ctx context.Context, m controlplane.Migration) (controlplane.Migration, error)
	Get(ctx context.Context, id uuid.UUID) (controlplane.Migration, error)
	List(ctx context.Context, f controlplane.MigrationFilter, page controlplane.Page) ([]controlplane.Migration, error)
}

// Orders are what operators want of a migration under way.
type Orders interface {
	Order(ctx context.Context, id uuid.UUID, to controlplane.MigrationPhase, action string, code fault.Code, why string) (controlplane.Migration, error)
	SetPaused(ctx context.Context, id uuid.UUID, paused bool, action string) (controlplane.Migration, error)
	SetRate(ctx context.Context, id uuid.UUID, bytesPerSecond int64) (controlplane.Migration, error)
}

// Certificates keeps what was certified.
type Certificates interface {
	SetCertificate(ctx context.Context, m controlplane.Migration, certificate []byte) error
	Certificate(ctx context.Context, id uuid.UUID) ([]byte, error)
}

// Windows takes what routers tell of requests that waited.
type Windows interface {
	AddHeldWindows(ctx context.Context, windows []directory.HeldWindow) error
}
