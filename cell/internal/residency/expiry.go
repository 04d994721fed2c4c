package residency

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// gateGrace is how long a gate may stay closed before a freeze; a freeze takes
// some milliseconds.
const gateGrace = 10 * time.Second

// Thawer ends what somebody forgot. It is an interface because use-cases do not
// know the database.
type Thawer interface {
	ExpireFreezes(ctx context.Context) (int64, error)
	ReopenGates(ctx context.Context, grace time.Duration) (int64, error)
}

// Expiry ends freezes whose time has passed: nobody infers that from a clock,
// so until this runs a freeze holds.
type Expiry struct {
	Thawer Thawer
	Log    *slog.Logger
}

// RunOnce is one turn of the timer; every process of the cell may run it.
func (e Expiry) RunOnce(ctx context.Context) error {
	thawed, err := e.Thawer.ExpireFreezes(ctx)
	reopened, reopenErr := e.Thawer.ReopenGates(ctx, gateGrace)
	if thawed+reopened > 0 {
		e.Log.WarnContext(ctx, "ended forgotten freezes", "thawed", thawed, "gates_reopened", reopened)
	}
	return errors.Join(err, reopenErr)
}
