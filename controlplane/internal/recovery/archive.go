package recovery

import (
	"context"
	"io"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Restored is what came of bringing a tenant back from an archive.
type Restored struct {
	Tenant controlplane.Tenant
	Rows   int64
}

// Restore puts an archive of a tenant in the place of what its cell has of it, or
// into another cell if its own is lost. The cell takes the whole archive, checks
// it, and only then lets the tenant's present rows go; it holds the tenant under
// the next epoch from then on, and the directory follows. Repeating it brings the
// archive once more.
func (s Service) Restore(ctx context.Context, id tenancy.ID, to string, trusted []string, archive io.Reader) (Restored, error) {
	t, err := s.Directory.Get(ctx, id)
	if err != nil {
		return Restored{}, err
	}
	if t.State != directory.Active && t.State != directory.Suspended {
		return Restored{}, fault.New(fault.Conflict, "the tenant is %s; only one that is active or suspended can be restored", t.State)
	}
	if err := s.Rewriter.CheckFree(ctx, id); err != nil {
		return Restored{}, err
	}
	if to == "" {
		to = t.Cell
	}
	c, err := s.Cells.Get(ctx, to)
	if err != nil {
		return Restored{}, err
	}
	if c.State == directory.CellRetired || c.State == directory.CellProvisioning {
		return Restored{}, fault.New(fault.Conflict, "the cell %s is %s", to, c.State)
	}
	rows, err := s.Doors.Replace(ctx, to, id, t.Epoch+1, trusted, archive)
	if err != nil {
		return Restored{}, err
	}
	t, err = s.Rewriter.Rehome(ctx, t, to)
	return Restored{Tenant: t, Rows: rows}, err
}
