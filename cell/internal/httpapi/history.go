package httpapi

import (
	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

func auditEntryOf(e cell.AuditEntry) api.AuditEntry {
	entry := api.AuditEntry{ID: e.ID, At: e.At.UTC(), Action: e.Action, RequestID: e.RequestID, Details: e.Details}
	entry.Actor.Kind = api.AuditEntryActorKind(e.ActorKind)
	if e.ActorID != uuid.Nil {
		entry.Actor.ID = &e.ActorID
	}
	entry.Actor.Client, entry.Actor.Subject = orNil(e.Client), orNil(e.Subject)
	entry.Subject.Type, entry.Subject.ID = e.SubjectType, e.SubjectID
	return entry
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
