package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/coditect/platform/cell"
)

// ReportStore reads what reports tell. It is an interface because use-cases do
// not know the database.
type ReportStore interface {
	ReadReport(ctx context.Context, ref cell.JobRef) (cell.Report, error)
}

// ReportWriter writes a report in one format. It is a function type because
// use-cases do not know formats.
type ReportWriter func(w io.Writer, report cell.Report) error

// Report makes reports.
type Report struct {
	Store    ReportStore
	Blobs    Blobs
	CSV, PDF ReportWriter
	Audit    func(cell.AuditEntry) cell.Change // writes the entry when the job is done
}

// Do writes the report and keeps it as the job's file. That it was made stands
// in the audit log, once, since it is written with the job's end.
func (r Report) Do(ctx context.Context, task *Task) (cell.Outcome, error) {
	var order cell.ReportOrder
	if err := json.Unmarshal(task.Job.Payload, &order); err != nil {
		return cell.Outcome{}, fmt.Errorf("payload: %w", err)
	}
	write, mediaType := r.CSV, "text/csv; charset=utf-8"
	if order.Format == cell.ReportPDF {
		write, mediaType = r.PDF, "application/pdf"
	}
	task.Progress(10, "reading")
	report, err := r.Store.ReadReport(ctx, task.Ref)
	if err != nil {
		return cell.Outcome{}, fmt.Errorf("read: %w", err)
	}
	report.At = time.Now().UTC()
	task.Progress(60, "writing")
	name := fmt.Sprintf("projects-%s.%s", report.At.Format(time.DateOnly), order.Format)
	outcome, err := keep(ctx, r.Blobs, task, name, mediaType, func(w io.Writer) error { return write(w, report) })
	outcome.Change = r.Audit(jobEntry("report.made", task.Ref.JobID, map[string]any{"format": order.Format}))
	return outcome, err
}
