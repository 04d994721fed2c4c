// Package cells is what a cell and its operators tell the control plane:
// registration, heartbeats, state changes, smoke tests.
package cells

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// Store keeps cells. Its own interface because tests of the rules need none of
// the other stores; the rules themselves are [controlplane.Cell]'s.
type Store interface {
	Get(ctx context.Context, id string) (controlplane.Cell, error)
	List(ctx context.Context, state directory.CellState, region string, page controlplane.Page) ([]controlplane.Cell, error)
	Register(ctx context.Context, id string, r controlplane.CellRegistration) (controlplane.Cell, error)
	Heartbeat(ctx context.Context, id string, h controlplane.Heartbeat) error
	SetState(ctx context.Context, id string, to, expected directory.CellState) (controlplane.Cell, error)
	SetMeasured(ctx context.Context, id string, m controlplane.Measurement) (controlplane.Cell, error)
}

// Service is the use-cases of cells.
type Service struct {
	Store
	Door   Door   // for smoke tests
	Domain string // the platform's own, of smoke tests' mail address
	Clock  func() time.Time
}

// Heartbeat notes a cell's load as of now, whatever the cell's own clock says.
func (s Service) Heartbeat(ctx context.Context, id string, h controlplane.Heartbeat) error {
	h.At = s.Clock()
	return s.Store.Heartbeat(ctx, id, h)
}
