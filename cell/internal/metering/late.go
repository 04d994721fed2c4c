package metering

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Leavings keeps what was counted of tenants that have left before it was
// recorded. It is an interface because use-cases do not know the database.
type Leavings interface {
	KeepLate(ctx context.Context, batch cell.UsageBatch) error
	LateUsage(ctx context.Context, limit int) ([]cell.UsageBatch, error)
	ForgetLate(ctx context.Context, id tenancy.ID, batch uuid.UUID) error
}

// Late is what the control plane asks in the cell that a tenant has left, and in
// the one where it lives now.
type Late struct {
	Leavings
	Recorder
}
