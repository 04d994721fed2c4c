package httpapi

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/events"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

const (
	eventsPath = "/v1/events"
	pingEvery  = 15 * time.Second
	takeWithin = 10 * time.Second // a follower that takes longer for one piece is cut
)

// FollowEvents implements the API. What is wrong with the request is said
// before the stream begins, as a problem document.
func (s *server) FollowEvents(ctx context.Context, r api.FollowEventsRequestObject) (api.FollowEventsResponseObject, error) {
	call := callFrom(ctx)
	after, err := eventPlace(call.Tenant, r.Params)
	if err != nil {
		return nil, err
	}
	follower, err := s.Events.Follow(ctx, call, after)
	if err != nil {
		return nil, err
	}
	return eventStream{r: requestFrom(ctx), follower: follower, tenant: call.Tenant}, nil
}

// eventStream is an answer that lasts.
type eventStream struct {
	r        *http.Request
	follower *events.Follower
	tenant   tenancy.ID
}

// VisitFollowEventsResponse implements the generated interface.
func (s eventStream) VisitFollowEventsResponse(w http.ResponseWriter) error {
	defer s.follower.Close()
	ctx, cancel := context.WithTimeoutCause(s.r.Context(), events.Longest, errExpired)
	defer cancel()
	ctx, drain := context.WithCancelCause(ctx)
	defer drain(nil)
	draining := web.Draining(ctx)
	go func() {
		select {
		case <-draining:
			drain(errDraining)
		case <-ctx.Done():
		}
	}()
	if isUpgrade(s.r) {
		return s.overWebSocket(ctx, w)
	}
	s.pump(ctx, newSSE(w))
	return nil
}

// sink is one way to a follower. An error of it means that the follower is gone.
type sink interface {
	send(ctx context.Context, m message) error
	ping(ctx context.Context, cursor string) error
}

// pump sends until one side has enough, and then says why, if anybody is there
// to hear it.
func (s eventStream) pump(ctx context.Context, to sink) ending {
	err := to.send(ctx, message{Type: "ready", Cursor: s.cursor()})
	for err == nil {
		var found []cell.Event
		if found, err = s.follower.Next(ctx, pingEvery); err != nil {
			end := endingOf(ctx, err)
			farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeWithin)
			defer cancel()
			_ = to.send(farewell, message{Type: "end", Cursor: s.cursor(), Code: end.code})
			return end
		}
		for _, e := range found {
			if err = to.send(ctx, s.messageOf(e)); err != nil {
				break
			}
		}
		if err == nil && len(found) == 0 {
			err = to.ping(ctx, s.cursor())
		}
	}
	return ending{"gone away", closeGone}
}

func (s eventStream) cursor() string { return encodePlace(s.tenant, s.follower.After()) }

// message is what a follower gets.
type message struct {
	Type    string          `json:"type"`
	Cursor  string          `json:"cursor"`
	At      *time.Time      `json:"at,omitempty"`
	Subject *thing          `json:"subject,omitempty"`
	Actor   *thing          `json:"actor,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
	Code    string          `json:"code,omitempty"` // why the stream ends
}

type thing struct {
	Type string     `json:"type"`
	ID   *uuid.UUID `json:"id,omitempty"`
}

func (s eventStream) messageOf(e cell.Event) message {
	at := e.At.UTC()
	m := message{
		Type: e.Action, Cursor: encodePlace(s.tenant, e.Seq), At: &at, Details: e.Details,
		Subject: &thing{Type: e.SubjectType, ID: &e.SubjectID}, Actor: &thing{Type: string(e.ActorKind)},
	}
	if e.ActorID != uuid.Nil {
		m.Actor.ID = &e.ActorID
	}
	return m
}

// ending says why a stream ends, in a word and as a close code.
type ending struct {
	code  string
	close int
}

// Close codes of our own are those of HTTP behind a 4.
const (
	closeGone  = 1001
	closeLater = 1013
)

var (
	errDraining = errors.New("draining")
	errExpired  = errors.New("expired")
)

func endingOf(ctx context.Context, err error) ending {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errDraining), errors.Is(cause, errExpired):
		return ending{cause.Error(), closeGone}
	}
	switch fault.CodeOf(err) {
	case fault.TenantMoved:
		return ending{"moved", 4421}
	case fault.Unauthenticated:
		return ending{"unauthenticated", 4401}
	case fault.Forbidden:
		return ending{"forbidden", 4403}
	case fault.Gone:
		return ending{"gone", 4410}
	}
	return ending{"unavailable", closeLater}
}

func isUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }

// An event's cursor is its place and a seal over it, as with the cursors of lists.
const placeList = "events"

func encodePlace(tenant tenancy.ID, place int64) string {
	return *encodeCursor(tenant, placeList, placeID(place))
}

// placeID carries a place in the form that cursors have; it is never zero.
func placeID(place int64) (id uuid.UUID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], uint64(place))
	return id
}

func eventPlace(tenant tenancy.ID, params api.FollowEventsParams) (*int64, error) {
	cursor := params.Cursor
	if params.LastEventID != nil && *params.LastEventID != "" {
		cursor = params.LastEventID
	}
	if cursor == nil {
		return nil, nil //nolint:nilnil // no cursor is one of the two answers
	}
	id, err := decodeCursor(tenant, placeList, *cursor)
	if err != nil {
		return nil, err
	}
	place := int64(binary.BigEndian.Uint64(id[8:]))
	return &place, nil
}
