package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
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

// gate answers 503 until the database was seen to have the right schema, and
// while the directory is held, except to what it takes to rebuild it: an empty
// directory would have routers forget whom they know.
type gate struct {
	next   http.Handler
	hold   func(context.Context) (bool, error)
	opened atomic.Bool
	held   atomic.Bool
}

func (g *gate) open() { g.opened.Store(true) }

// look reads whether the directory is held.
func (g *gate) look(ctx context.Context) error {
	held, err := g.hold(ctx)
	if err == nil {
		g.held.Store(held)
	}
	return err
}

// rebuilds reports requests that are answered while the directory is held: those
// of cells and about them, the rebuilding itself, operators' keys.
func rebuilds(r *http.Request) bool {
	for _, prefix := range []string{"/v1/cells", "/v1/directory/rebuild", "/v1/keys", "/v1/whoami"} {
		if r.URL.Path == prefix || strings.HasPrefix(r.URL.Path, prefix+"/") {
			return true
		}
	}
	return false
}

// before returns another door that opens with this one.
func (g *gate) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.pass(next, g.held.Load(), w, r) })
}

func (g *gate) check(context.Context) error {
	if !g.opened.Load() {
		return errors.New("the database's schema was not checked yet")
	}
	return nil
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.pass(g.next, g.held.Load() && !rebuilds(r), w, r)
}

func (g *gate) pass(next http.Handler, held bool, w http.ResponseWriter, r *http.Request) {
	if g.opened.Load() && !held {
		next.ServeHTTP(w, r)
		return
	}
	id := r.Header.Get(web.RequestIDHeader)
	if !web.ValidRequestID(id) {
		id = ""
	}
	waits := "the control plane waits for its database"
	if held {
		waits = "the directory was lost, and answers nobody until it has been rebuilt"
	}
	fault.WriteProblem(w, fault.New(fault.Unavailable, "%s", waits).After(databaseRetry), id)
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
