package app

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/metering"
	"github.com/coditect/platform/cell/internal/standing"
)

// newGuard lets package standing see the database's connections as its own.
func newGuard(watch func(context.Context) (*citus.Watch, error), log *slog.Logger) *standing.Guard {
	return standing.New(func(ctx context.Context) (standing.Watch, error) {
		w, err := watch(ctx)
		if err != nil {
			return nil, err // a nil *Watch would not be a nil interface
		}
		return w, nil
	}, log)
}

// behind puts a second door behind the first one.
func behind(first, second func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return first(second(next)) }
}

// nothing is what tenants may ask of a cell that has to be reconciled.
func nothing(*http.Request) bool { return false }

// lastUsage records the calls of the last moments. From a database that has to be
// reconciled a process stops in order, too: it says that they are lost.
func lastUsage(usage *metering.Meter, guard *standing.Guard, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		err := usage.RunOnce(ctx)
		if err != nil && guard.Refusing() {
			log.WarnContext(ctx, "the calls of the last moments are not recorded", "error", err)
			return nil
		}
		return err
	}
}
