package httpapi

import (
	"context"

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

// ListJobs implements the API.
func (s *server) ListJobs(ctx context.Context, r api.ListJobsRequestObject) (api.ListJobsResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "jobs", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	var filter cell.JobFilter
	if r.Params.State != nil {
		filter.State = cell.JobState(*r.Params.State)
	}
	page, err := s.History.Jobs(ctx, call, filter, req)
	if err != nil {
		return nil, err
	}
	list := api.ListJobs200JSONResponse{Items: make([]api.Job, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "jobs", page.Next)}
	for _, j := range page.Items {
		list.Items = append(list.Items, api.Job{
			ID: j.ID, Kind: string(j.Kind), State: api.JobState(j.State), Attempts: j.Attempts, MaxAttempts: j.MaxAttempts,
			RunAt: j.RunAt.UTC(), LastError: j.LastError, CreatedAt: j.CreatedAt.UTC(), UpdatedAt: j.UpdatedAt.UTC(),
		})
	}
	return list, nil
}
