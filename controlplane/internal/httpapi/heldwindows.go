package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

// ReportHeldWindows counts requests that waited in routers.
func (s *server) ReportHeldWindows(ctx context.Context, r api.ReportHeldWindowsRequestObject) (api.ReportHeldWindowsResponseObject, error) {
	windows := each(r.Body.Windows, func(w api.HeldWindow) directory.HeldWindow {
		return directory.HeldWindow{ID: w.ID, TenantID: w.TenantID, Began: w.Began, Held: w.Held, Failed: w.Failed, Longest: w.LongestMs}
	})
	if err := s.Migrations.Windows.AddHeldWindows(ctx, windows); err != nil {
		return nil, err
	}
	return api.ReportHeldWindows204Response{}, nil
}
