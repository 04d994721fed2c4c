package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

// ReconcileCell makes a restored cell agree with the directory.
func (s *server) ReconcileCell(ctx context.Context, r api.ReconcileCellRequestObject) (api.ReconcileCellResponseObject, error) {
	do := s.Recovery.Reconcile
	if orDefault(r.Params.ValidateOnly, false) {
		do = s.Recovery.Plan
	}
	done, err := do(ctx, r.Cell)
	if err != nil {
		return nil, err
	}
	out := api.ReconcileCell200JSONResponse{
		Cell: done.Cell, Serving: done.Standing.Serving, Timeline: done.Standing.Found.Timeline, Fences: done.Residents,
		Lost: each(done.Lost, finding), Disputed: each(done.Disputed, finding),
		Ended: api.EndedMoves{Migrations: []api.MigrationID{}, Exports: done.Ended.Exports, Imports: done.Ended.Imports},
	}
	out.Ended.Migrations = append(out.Ended.Migrations, done.Ended.Migrations...)
	for _, o := range done.Orders {
		switch o.Action {
		case controlplane.FenceDepart:
			out.Depart++
		case controlplane.FenceOpen:
			out.Open++
		case controlplane.FenceClose:
			out.Close++
		case controlplane.FenceRemove:
			out.Remove++
		}
	}
	return out, nil
}

func finding(f controlplane.Finding) api.Finding {
	return api.Finding{TenantID: f.TenantID, Slug: string(f.Slug), What: f.What}
}

// RebuildDirectory makes the directory agree with the cells.
func (s *server) RebuildDirectory(ctx context.Context, r api.RebuildDirectoryRequestObject) (api.RebuildDirectoryResponseObject, error) {
	do := s.Recovery.Rebuild
	if orDefault(r.Params.ValidateOnly, false) {
		do = s.Recovery.PlanRebuild
	}
	done, err := do(ctx)
	if err != nil {
		return nil, err
	}
	return api.RebuildDirectory200JSONResponse{
		Cells: done.Cells, Fences: done.Fences, Same: done.Same, Created: each(done.Create, claimed), Corrected: each(done.Correct, claimed),
		Lost: each(done.Lost, finding), Disputed: each(done.Dispute, finding),
	}, nil
}

func claimed(c controlplane.Claim) api.ClaimedTenant {
	return api.ClaimedTenant{TenantID: c.TenantID, Slug: string(c.Slug), Cell: c.Cell, Epoch: c.Epoch}
}

// RestoreTenant brings a tenant back from an archive.
func (s *server) RestoreTenant(ctx context.Context, r api.RestoreTenantRequestObject) (api.RestoreTenantResponseObject, error) {
	done, err := s.Recovery.Restore(ctx, r.Tenant, orDefault(r.Params.Cell, ""), orDefault(r.Params.Trusted, nil), r.Body)
	if err != nil {
		return nil, err
	}
	return api.RestoreTenant200JSONResponse{Tenant: tenant(done.Tenant), Rows: done.Rows}, nil
}
