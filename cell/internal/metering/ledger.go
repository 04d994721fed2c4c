package metering

import (
	"context"

	"github.com/coditect/platform/cell"
)

// Ledger is what the control plane reads, of all tenants. It is an interface
// because use-cases do not know the database.
type Ledger interface {
	UsageHeads(ctx context.Context, after cell.UsageHead, limit int) ([]cell.UsageHead, error)
	UsageSince(ctx context.Context, after cell.UsageHead, limit int) ([]cell.UsageRow, error)
}
