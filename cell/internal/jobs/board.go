package jobs

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// BoardStore keeps the jobs of one tenant. It is an interface because use-cases
// do not know the database.
type BoardStore interface {
	ListJobs(ctx context.Context, call *cell.Call, filter cell.JobFilter, page cell.PageRequest) ([]cell.Job, error)
	GetJob(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Job, error)
	EnqueueJob(ctx context.Context, call *cell.Call, job cell.NewJob, entry cell.AuditEntry) (cell.Job, error)
	EnqueueSole(ctx context.Context, call *cell.Call, job cell.NewJob, entry cell.AuditEntry) (cell.Job, error)
	CancelJob(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry) (cell.Job, error)
	ReplayJob(ctx context.Context, call *cell.Call, id uuid.UUID, entry cell.AuditEntry) (cell.Job, error)
}

// Board is what a tenant sees of its jobs, and may do to them.
type Board struct{ Store BoardStore }

// List returns a page of jobs, newest first.
func (b Board) List(ctx context.Context, call *cell.Call, filter cell.JobFilter, req cell.PageRequest) (cell.Page[cell.Job], error) {
	rows, err := b.Store.ListJobs(ctx, call, filter, req)
	if err != nil {
		return cell.Page[cell.Job]{}, err
	}
	return cell.PageOf(rows, req.Limit, func(j cell.Job) uuid.UUID { return j.ID }), nil
}

// Get returns one job.
func (b Board) Get(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Job, error) {
	return b.Store.GetJob(ctx, call, id)
}

// Cancel ends a job that has not begun, and asks the worker of a running one to
// stop; it does within seconds, unless it is done before.
func (b Board) Cancel(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Job, error) {
	return b.Store.CancelJob(ctx, call, id, jobEntry("job.cancelled", id, map[string]any{}))
}

// Replay makes a dead or cancelled job due again.
func (b Board) Replay(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Job, error) {
	return b.Store.ReplayJob(ctx, call, id, jobEntry("job.replayed", id, map[string]any{}))
}

// Report asks for a report.
func (b Board) Report(ctx context.Context, call *cell.Call, order cell.ReportOrder) (cell.Job, error) {
	payload, err := json.Marshal(order)
	if err != nil {
		return cell.Job{}, err
	}
	return b.request(ctx, call, cell.NewJob{Kind: cell.ReportJob, Payload: payload}, "report.requested", map[string]any{"format": order.Format})
}

// Export asks for a copy of everything that the cell holds of the tenant, unless
// one is being made.
func (b Board) Export(ctx context.Context, call *cell.Call) (cell.Job, error) {
	job := cell.NewJob{ID: uuid.Must(uuid.NewV7()), Kind: cell.DataExport, Priority: cell.LowPriority}
	return b.Store.EnqueueSole(ctx, call, job, jobEntry("export.requested", job.ID, map[string]any{}))
}

func (b Board) request(ctx context.Context, call *cell.Call, job cell.NewJob, action string, details map[string]any) (cell.Job, error) {
	job.ID = uuid.Must(uuid.NewV7())
	return b.Store.EnqueueJob(ctx, call, job, jobEntry(action, job.ID, details))
}

func jobEntry(action string, id uuid.UUID, details map[string]any) cell.AuditEntry {
	return cell.AuditEntry{Action: action, SubjectType: "job", SubjectID: id, Details: details}
}
