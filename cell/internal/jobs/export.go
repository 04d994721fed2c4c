package jobs

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/coditect/platform/cell"
)

// TenantStore reads a job's tenant. It is an interface because use-cases do not
// know the database.
type TenantStore interface {
	GetTenant(ctx context.Context, ref cell.JobRef) (cell.Organization, error)
}

// Export makes a tenant's own copy of everything that the cell holds of it.
type Export struct {
	Store TenantStore
	Blobs Blobs
	Write func(ctx context.Context, ref cell.JobRef, out io.Writer) error // the documented stream, without secrets
	Clock func() time.Time
}

// Do writes the copy and keeps it as the job's file.
func (e Export) Do(ctx context.Context, task *Task) (cell.Outcome, error) {
	organization, err := e.Store.GetTenant(ctx, task.Ref)
	if err != nil {
		return cell.Outcome{}, fmt.Errorf("read the organization: %w", err)
	}
	task.Progress(10, "writing")
	name := fmt.Sprintf("%s-%s.ndjson", organization.Slug, e.Clock().UTC().Format(time.DateOnly))
	return keep(ctx, e.Blobs, task, name, "application/x-ndjson", func(w io.Writer) error { return e.Write(ctx, task.Ref, w) })
}
