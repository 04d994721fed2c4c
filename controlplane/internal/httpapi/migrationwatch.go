package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/web"
)

const (
	watchPoll  = 250 * time.Millisecond
	watchAlive = 10 * time.Second // a comment at least so often, or proxies hang up
	watchLimit = 10 * time.Minute
)

// WatchMigration streams a migration's changes as server-sent events.
func (s *server) WatchMigration(ctx context.Context, r api.WatchMigrationRequestObject) (api.WatchMigrationResponseObject, error) {
	first, err := s.Migrations.Get(ctx, r.Migration)
	if err != nil {
		return nil, err
	}
	return migrationStream(func(w *eventWriter) error { return s.watch(ctx, w, r.Migration, first) }), nil
}

// watch writes the migration whenever it has changed, until it is over. An
// error of the store is repeated: what watches a migration outlives an outage.
func (s *server) watch(ctx context.Context, w *eventWriter, id uuid.UUID, m controlplane.Migration) error {
	tick, end := time.NewTicker(watchPoll), time.NewTimer(watchLimit)
	defer tick.Stop()
	defer end.Stop()
	for shown := (controlplane.Migration{}); ; {
		if !m.UpdatedAt.Equal(shown.UpdatedAt) || m.Phase != shown.Phase {
			if err := w.event("migration", migrationAnswer(m)); err != nil {
				return err
			}
			shown = m
		}
		if m.Phase.Over() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-end.C:
			return nil
		case <-web.Draining(ctx):
			return nil
		case <-tick.C:
		}
		if fresh, err := s.Migrations.Get(ctx, id); err == nil {
			m = fresh
		}
		if err := w.alive(); err != nil {
			return err
		}
	}
}

type migrationStream func(*eventWriter) error

// VisitWatchMigrationResponse writes the stream.
func (write migrationStream) VisitWatchMigrationResponse(w http.ResponseWriter) error {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(watchLimit + time.Minute))
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	_ = write(&eventWriter{out: w, control: http.NewResponseController(w), last: time.Now()}) // the client is gone: nobody is left to be told
	return nil
}

// eventWriter writes server-sent events, each at once.
type eventWriter struct {
	out     http.ResponseWriter
	control *http.ResponseController
	last    time.Time
}

func (w *eventWriter) event(name string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return w.write("event: %s\ndata: %s\n\n", name, raw)
}

// alive writes a comment if it has been quiet for long.
func (w *eventWriter) alive() error {
	if time.Since(w.last) < watchAlive {
		return nil
	}
	return w.write(": alive\n\n")
}

func (w *eventWriter) write(format string, args ...any) error {
	w.last = time.Now()
	if _, err := fmt.Fprintf(w.out, format, args...); err != nil {
		return err
	}
	return w.control.Flush()
}
