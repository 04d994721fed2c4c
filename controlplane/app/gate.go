package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

const (
	databaseRetry = time.Second
	checkTimeout  = 5 * time.Second
)

// gate answers 503 until the database was seen to have the right schema.
type gate struct {
	next   http.Handler
	opened atomic.Bool
}

func (g *gate) open() { g.opened.Store(true) }

func (g *gate) check(context.Context) error {
	if !g.opened.Load() {
		return errors.New("the database's schema was not checked yet")
	}
	return nil
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.opened.Load() {
		g.next.ServeHTTP(w, r)
		return
	}
	id := r.Header.Get(web.RequestIDHeader)
	if !web.ValidRequestID(id) {
		id = ""
	}
	fault.WriteProblem(w, fault.New(fault.Unavailable, "the control plane waits for its database").After(databaseRetry), id)
}

// awaitSchema returns nil once the database has the right schema, or ctx ends.
func awaitSchema(ctx context.Context, db *postgres.DB, log *slog.Logger) error {
	for {
		check, cancel := context.WithTimeout(ctx, checkTimeout)
		err := db.CheckSchema(check)
		cancel()
		if err == nil || errors.Is(err, postgres.ErrSchema) {
			return err
		}
		log.WarnContext(ctx, "waiting for the database", "err", err, "again_in", databaseRetry)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(databaseRetry):
		}
	}
}
