package citus

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// EventsChannel is notified with a tenant's id when its chain has grown. The
// sealer does it, once a turn: a notification by the writers themselves would
// make them wait for each other's commits.
const EventsChannel = "cell_events"

const (
	eventsSQL = `
SELECT c.seq, a.at, a.action, a.subject_type, a.subject_id, a.actor_kind, a.actor_id, a.details::text
FROM audit_chain c JOIN audit_logs a ON a.tenant_id = c.tenant_id AND a.audit_id = c.audit_id
WHERE c.tenant_id = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3`
	eventBoundsSQL = `
SELECT coalesce((SELECT max(seq) FROM audit_chain WHERE tenant_id = $1), 0), coalesce((SELECT seq FROM audit_horizons WHERE tenant_id = $1), 0)
FROM tenants WHERE tenant_id = $1`
)

// ReadEvents returns up to limit events behind the given place, who the caller
// turned out to be and which places have events, in one snapshot. A limit of 0
// only asks for the others.
func (s *Store) ReadEvents(ctx context.Context, call *cell.Call, after int64, limit int) (cell.EventPage, error) {
	var page cell.EventPage
	err := s.read(ctx, call, func(w *work) {
		w.Queue(eventBoundsSQL, w.tenant()).QueryRow(func(r pgx.Row) error {
			page.Actor = w.actor
			return r.Scan(&page.Head, &page.Horizon)
		})
		if limit > 0 {
			w.Queue(eventsSQL, w.tenant(), after, limit).Query(collect(&page.Events, scanEvent))
		}
	})
	return page, err
}

func scanEvent(r row) (cell.Event, error) {
	var e cell.Event
	var actor *uuid.UUID
	var details string
	err := r.Scan(&e.Seq, &e.At, &e.Action, &e.SubjectType, &e.SubjectID, &e.ActorKind, &actor, &details)
	e.ActorID, e.Details = orZero(actor), []byte(details)
	return e, err
}

// EventHeads returns the place of the last event of each of the tenants that
// may be read here.
func (m *Mover) EventHeads(ctx context.Context, tenants []tenancy.ID) (map[tenancy.ID]int64, error) {
	ids := make([]string, len(tenants))
	for i, id := range tenants {
		ids[i] = id.String()
	}
	rows, err := m.pool.Query(ctx, `
		SELECT t.tenant_id, coalesce((SELECT max(c.seq) FROM audit_chain c WHERE c.tenant_id = t.tenant_id), 0) FROM tenants t
		WHERE t.tenant_id = ANY($1::text[]::uuid[]) AND t.state IN ('live', 'frozen', 'sealed')`, ids)
	if err != nil {
		return nil, translate(err, nil)
	}
	heads := make(map[tenancy.ID]int64, len(tenants))
	var id uuid.UUID
	var head int64
	_, err = pgx.ForEachRow(rows, []any{&id, &head}, func() error {
		heads[tenancy.ID(id)] = head
		return nil
	})
	return heads, translate(err, nil)
}

// listenPatience is how long a listening connection may be silent before it is
// asked whether it still stands.
const listenPatience = 30 * time.Second

// ListenEvents hands the function every tenant whose chain has grown, until
// the context or the connection ends.
func (m *Mover) ListenEvents(ctx context.Context, grown func(tenancy.ID)) error {
	acquired, err := m.pool.Acquire(ctx)
	if err != nil {
		return translate(err, nil)
	}
	conn := acquired.Hijack() // a connection that listens never goes back
	defer closeQuietly(context.WithoutCancel(ctx), conn)
	if _, err := conn.Exec(ctx, `LISTEN `+EventsChannel); err != nil {
		return translate(err, nil)
	}
	for {
		waiting, cancel := context.WithTimeout(ctx, listenPatience)
		n, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			if id, err := tenancy.ParseID(n.Payload); err == nil {
				grown(id)
			}
		case conn.IsClosed():
			return fmt.Errorf("wait for notifications: %w", err)
		default:
			if err := conn.Ping(ctx); err != nil {
				return fmt.Errorf("the listening connection: %w", err)
			}
		}
	}
}
