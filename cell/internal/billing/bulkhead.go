package billing

import (
	"context"
	"errors"
	"time"

	"github.com/coditect/platform/shared/fault"
)

const (
	asksAtOnce = 16               // of all tenants of a cell's process
	patience   = 10 * time.Second // a checkout takes the payment provider two
)

// errBusy refuses before anything was asked.
var errBusy = fault.New(fault.Unavailable, "too many wait for the control plane")

// Bulkhead is a control plane that may hang without the cell that asks it: few
// requests wait for it, and not for long. Else they would take the places of
// those that need nothing but the cell, in the cell and at the routers, which
// take long answers for a cell that is full.
type Bulkhead struct {
	plane  ControlPlane
	places chan struct{}
}

// NewBulkhead stands before a control plane.
func NewBulkhead(plane ControlPlane) *Bulkhead {
	return &Bulkhead{plane: plane, places: make(chan struct{}, asksAtOnce)}
}

// Ask implements ControlPlane.
func (b *Bulkhead) Ask(ctx context.Context, method, path string, body, answer any) error {
	select {
	case b.places <- struct{}{}:
	default:
		return errBusy
	}
	defer func() { <-b.places }()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := b.plane.Ask(bounded, method, path, body, answer)
	if err != nil && errors.Is(bounded.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
		return fault.Wrap(err, fault.Unavailable, "the control plane did not answer in %s", patience)
	}
	return err
}
