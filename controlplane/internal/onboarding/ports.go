package onboarding

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// Ledger finds and hands out sign-ups. These interfaces are the package's own
// so that a test can end "the process" between any two calls.
type Ledger interface {
	Find(ctx context.Context, keyHash []byte) (signup controlplane.Signup, found bool, err error)
	Reserve(ctx context.Context, su controlplane.Signup, t controlplane.Tenant) error
	Take(ctx context.Context, su controlplane.Signup, lease uuid.UUID, now, until time.Time) (controlplane.Signup, error)
	Release(ctx context.Context, su controlplane.Signup, now time.Time) error
}

// Steps moves a sign-up on; see the state diagram.
type Steps interface {
	Commit(ctx context.Context, su controlplane.Signup) error
	Finish(ctx context.Context, su controlplane.Signup) error
	Undo(ctx context.Context, su controlplane.Signup, removeAt time.Time) error
}

// Backlog is what the sweeper works off.
type Backlog interface {
	Unfinished(ctx context.Context, now time.Time, limit int) ([]controlplane.Signup, error)
	Forget(ctx context.Context, before time.Time) error
}

// Removals are orders to remove rows from cells.
type Removals interface {
	Due(ctx context.Context, now time.Time, limit int) ([]controlplane.Removal, error)
	Done(ctx context.Context, r controlplane.Removal) error
	Retry(ctx context.Context, r controlplane.Removal, at time.Time) error
}

// Cells lists the cells to place tenants in.
type Cells interface {
	All(ctx context.Context) ([]controlplane.Cell, error)
}

// Tenants reads tenants back.
type Tenants interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
}

// Residence is a cell's internal API, as far as a sign-up needs it. Every call
// is idempotent.
type Residence interface {
	Prepare(ctx context.Context, cell string, r controlplane.Resident) error
	Activate(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error
	Remove(ctx context.Context, cell string, id tenancy.ID, epoch uint64) error
}
