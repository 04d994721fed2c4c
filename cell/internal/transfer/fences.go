package transfer

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// FenceRows changes the fence of a tenant that leaves. It is an interface
// because use-cases do not know the database.
type FenceRows interface {
	Freeze(ctx context.Context, id tenancy.ID, epoch uint64, migration uuid.UUID, lasting time.Duration) (cell.Freeze, error)
	Seal(ctx context.Context, id tenancy.ID, epoch, n uint64) error
	Thaw(ctx context.Context, id tenancy.ID, epoch, n uint64) error
	Depart(ctx context.Context, id tenancy.ID, epoch, n uint64, to string, toEpoch uint64) error
	CleanUp(ctx context.Context, id tenancy.ID, epoch uint64, forget bool, files func(context.Context) (more bool, err error)) (removed int64, more bool, err error)
}

// Memory forgets what it remembers of a tenant. It is an interface because
// use-cases do not know Redis.
type Memory interface {
	Drop(ctx context.Context, id tenancy.ID) error
}

// Fences is what the source's fence does in a migration. Each change may be
// repeated.
type Fences struct {
	FenceRows
	Shelf  Shelf
	Memory Memory // nil: nothing is remembered
}

// CleanUp removes what a tenant left that departed at the epoch, for a few
// seconds: its files, then its rows. It returns how many rows, and whether there
// is more.
func (f Fences) CleanUp(ctx context.Context, id tenancy.ID, epoch uint64, forget bool) (removed int64, more bool, err error) {
	return f.FenceRows.CleanUp(ctx, id, epoch, forget, func(ctx context.Context) (bool, error) { return f.Shelf.RemoveSome(ctx, id) })
}

// Freeze stops the tenant's writes for a while. What is remembered of the tenant
// is dropped first: if that fails, better now than when it has to depart.
func (f Fences) Freeze(ctx context.Context, id tenancy.ID, epoch uint64, migration uuid.UUID, lasting time.Duration) (cell.Freeze, error) {
	if err := f.forget(ctx, id); err != nil {
		return cell.Freeze{}, err
	}
	return f.FenceRows.Freeze(ctx, id, epoch, migration, lasting)
}

// Depart records where the tenant went. Once it has returned nothing of the
// tenant is answered here, from memory neither.
func (f Fences) Depart(ctx context.Context, id tenancy.ID, epoch, n uint64, to string, toEpoch uint64) error {
	if err := f.FenceRows.Depart(ctx, id, epoch, n, to, toEpoch); err != nil {
		return err
	}
	return f.forget(ctx, id)
}

func (f Fences) forget(ctx context.Context, id tenancy.ID) error {
	if f.Memory == nil {
		return nil
	}
	return f.Memory.Drop(ctx, id)
}
