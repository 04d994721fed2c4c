package recovery

import (
	"context"
	"io"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// These interfaces are the package's own so that a test can be the cells and the
// directory.

// Cells knows the cells.
type Cells interface {
	Get(ctx context.Context, id string) (controlplane.Cell, error)
	All(ctx context.Context) ([]controlplane.Cell, error)
	Reconciled(ctx context.Context, r *controlplane.Reconciliation) error
}

// Directory reads what is said of tenants.
type Directory interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
	List(ctx context.Context, f controlplane.TenantFilter, page controlplane.Page) ([]controlplane.Tenant, error)
	ByID(ctx context.Context, ids []tenancy.ID) (map[tenancy.ID]controlplane.Tenant, error)
}

// Rewriter changes the directory as only a recovery may.
type Rewriter interface {
	Rebase(ctx context.Context) error
	Claim(ctx context.Context, claims []controlplane.Claim) (refused []controlplane.Claim, err error)
	CheckFree(ctx context.Context, id tenancy.ID) error
	Rehome(ctx context.Context, t controlplane.Tenant, cell string) (controlplane.Tenant, error)
}

// Doors is what cells do for a recovery.
type Doors interface {
	DatabaseStanding(ctx context.Context, cell string) (controlplane.DatabaseStanding, error)
	Inventory(ctx context.Context, cell string, after tenancy.ID, limit int) (lines []controlplane.Residence, next tenancy.ID, err error)
	ReconcileFences(ctx context.Context, cell string, orders []controlplane.FenceOrder) ([]error, error)
	Trust(ctx context.Context, cell string, i controlplane.Incarnation) error
	Replace(ctx context.Context, cell string, id tenancy.ID, epoch uint64, trusted []string, archive io.Reader) (rows int64, err error)
}

// Moves ends what a restored cell believes to be under way.
type Moves interface {
	Restored(ctx context.Context, cell string) (controlplane.EndedMoves, error)
}
