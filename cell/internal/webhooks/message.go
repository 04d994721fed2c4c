package webhooks

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// message is the body of a request. It is made from the audit row, which never
// changes, so every attempt sends the same.
type message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	ID        uuid.UUID       `json:"id"`
	Subject   subject         `json:"subject"`
	Actor     actor           `json:"actor"`
	RequestID string          `json:"request_id"`
	Details   json.RawMessage `json:"details"`
}

type subject struct {
	Type string    `json:"type"`
	ID   uuid.UUID `json:"id"`
}

type actor struct {
	Kind cell.ActorKind `json:"kind"`
	ID   *uuid.UUID     `json:"id,omitempty"`
}

func messageOf(d cell.Delivery, row cell.AuditRow) ([]byte, error) {
	e := row.Entry
	m := message{Type: d.Event, Timestamp: e.At.UTC(), Data: data{
		ID: e.ID, Subject: subject{e.SubjectType, e.SubjectID}, Actor: actor{Kind: e.ActorKind}, RequestID: e.RequestID, Details: json.RawMessage(row.Details),
	}}
	if e.ActorID != uuid.Nil {
		m.Data.Actor.ID = &e.ActorID
	}
	return json.Marshal(m)
}

// messageID is the same for every attempt, every replay and every endpoint.
func messageID(event uuid.UUID) string { return "msg_" + event.String() }
