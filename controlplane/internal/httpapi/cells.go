package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

func (s *server) cell(c controlplane.Cell) api.Cell {
	out := api.Cell{
		ID: c.ID, Region: c.Region, Tier: c.Tier, Endpoint: c.Endpoint, InternalEndpoint: c.InternalEndpoint, State: c.State, Version: c.Version,
		CapacityTenants: c.CapacityTenants, AssignedTenants: c.AssignedTenants, Healthy: c.Healthy(s.Clock()), RegisteredAt: c.RegisteredAt,
	}
	if out.Healthy {
		headroom := c.Headroom()
		out.Headroom = &headroom
	}
	if m := c.Measured; m.RequestsPerSecond > 0 {
		out.CapacityRequestsPerSecond, out.CapacityMeasuredAt = &m.RequestsPerSecond, &m.At
	}
	if h := c.Heartbeat; !h.At.IsZero() {
		out.Heartbeat = &api.LastHeartbeat{At: h.At, Tenants: h.Tenants, CPU: h.CPU, RequestsPerSecond: h.RequestsPerSecond, QueueDepth: h.QueueDepth, Reconciling: optional(h.Reconciling)}
	}
	return out
}

// ListCells lists cells by id.
func (s *server) ListCells(ctx context.Context, r api.ListCellsRequestObject) (api.ListCellsResponseObject, error) {
	page, err := pageOf(r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Cells.List(ctx, orDefault(r.Params.State, ""), orDefault(r.Params.Region, ""), page)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, page, func(c controlplane.Cell) string { return c.ID })
	return api.ListCells200JSONResponse{Cells: each(found, s.cell), NextCursor: next}, nil
}

// GetCell shows a cell.
func (s *server) GetCell(ctx context.Context, r api.GetCellRequestObject) (api.GetCellResponseObject, error) {
	c, err := s.Cells.Get(ctx, r.Cell)
	if err != nil {
		return nil, err
	}
	return api.GetCell200JSONResponse(s.cell(c)), nil
}

// RegisterCell registers a cell.
func (s *server) RegisterCell(ctx context.Context, r api.RegisterCellRequestObject) (api.RegisterCellResponseObject, error) {
	c, err := s.Cells.Register(ctx, r.Cell, controlplane.CellRegistration{
		Region: r.Body.Region, Tier: r.Body.Tier, Endpoint: r.Body.Endpoint, InternalEndpoint: r.Body.InternalEndpoint, CapacityTenants: r.Body.CapacityTenants,
	})
	if err != nil {
		return nil, err
	}
	return api.RegisterCell200JSONResponse(s.cell(c)), nil
}

// Heartbeat notes a cell's load.
func (s *server) Heartbeat(ctx context.Context, r api.HeartbeatRequestObject) (api.HeartbeatResponseObject, error) {
	err := s.Cells.Heartbeat(ctx, r.Cell, controlplane.Heartbeat{
		Tenants: r.Body.Tenants, CapacityTenants: r.Body.CapacityTenants, CPU: r.Body.CPU,
		RequestsPerSecond: r.Body.RequestsPerSecond, QueueDepth: r.Body.QueueDepth, Reconciling: orDefault(r.Body.Reconciling, false),
	})
	if err != nil {
		return nil, err
	}
	return api.Heartbeat204Response{}, nil
}

// SetCellState changes a cell's state.
func (s *server) SetCellState(ctx context.Context, r api.SetCellStateRequestObject) (api.SetCellStateResponseObject, error) {
	c, err := s.Cells.SetState(ctx, r.Cell, r.Body.State, orDefault(r.Body.Expected, directory.CellState("")))
	if err != nil {
		return nil, err
	}
	return api.SetCellState200JSONResponse(s.cell(c)), nil
}

// SetCellCapacity notes what a cell was measured to carry.
func (s *server) SetCellCapacity(ctx context.Context, r api.SetCellCapacityRequestObject) (api.SetCellCapacityResponseObject, error) {
	c, err := s.Cells.SetMeasured(ctx, r.Cell, controlplane.Measurement{RequestsPerSecond: r.Body.RequestsPerSecond, At: s.Clock()})
	if err != nil {
		return nil, err
	}
	return api.SetCellCapacity200JSONResponse(s.cell(c)), nil
}

// ClearCellCapacity forgets it.
func (s *server) ClearCellCapacity(ctx context.Context, r api.ClearCellCapacityRequestObject) (api.ClearCellCapacityResponseObject, error) {
	c, err := s.Cells.SetMeasured(ctx, r.Cell, controlplane.Measurement{})
	if err != nil {
		return nil, err
	}
	return api.ClearCellCapacity200JSONResponse(s.cell(c)), nil
}

// SmokeTestCell tries a cell out.
func (s *server) SmokeTestCell(ctx context.Context, r api.SmokeTestCellRequestObject) (api.SmokeTestCellResponseObject, error) {
	t, err := s.Cells.SmokeTest(ctx, r.Cell)
	if err != nil {
		return nil, err
	}
	return api.SmokeTestCell200JSONResponse{Passed: t.Passed(), Checks: each(t.Checks, func(c controlplane.SmokeCheck) api.SmokeCheck {
		return api.SmokeCheck{Name: api.SmokeCheckName(c.Name), Passed: c.Passed, Detail: c.Detail, Ms: c.Took.Milliseconds()}
	})}, nil
}
