package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/run"
)

// heldInterval is how often the control plane is told of requests that waited
// while their tenant changed cell; the migration's certificate tells of them.
const heldInterval = time.Second

// heldReports are windows that are to be reported; only reportHeld uses them.
type heldReports struct {
	windows []directory.HeldWindow
}

// maxHeldReports bounds what waits while the control plane is away.
const maxHeldReports = 10 * directory.MaxHeldWindows

func (r *router) runHeldReports(ctx context.Context) error {
	var reports heldReports
	loop := run.Loop{Name: "held requests", Interval: heldInterval, MaxPause: time.Minute, Log: r.log}
	return loop.Run(ctx, func(ctx context.Context) error { return r.reportHeld(ctx, &reports) })
}

// reportHeld reports the windows that have ended. What was not taken is sent
// again, under the same ids.
func (r *router) reportHeld(ctx context.Context, reports *heldReports) error {
	for _, e := range r.hold.TakeEnded() {
		if len(reports.windows) == maxHeldReports {
			break
		}
		reports.windows = append(reports.windows, directory.HeldWindow{
			ID: uuid.Must(uuid.NewV7()), TenantID: e.Tenant, Began: e.Began.UTC(), Held: e.Held, Failed: e.Failed, Longest: e.Longest.Milliseconds(),
		})
	}
	for len(reports.windows) > 0 {
		n := min(len(reports.windows), directory.MaxHeldWindows)
		if err := r.client.ReportHeld(ctx, reports.windows[:n]); err != nil {
			return err
		}
		reports.windows = reports.windows[n:]
	}
	return nil
}
