package httpapi

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/fault"
)

// ListSchedules implements the API.
func (s *server) ListSchedules(ctx context.Context, r api.ListSchedulesRequestObject) (api.ListSchedulesResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "schedules", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.Schedules.List(ctx, call, req)
	if err != nil {
		return nil, err
	}
	list := api.ListSchedules200JSONResponse{Items: make([]api.Schedule, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "schedules", page.Next)}
	for _, item := range page.Items {
		list.Items = append(list.Items, scheduleOf(item))
	}
	return list, nil
}

// CreateSchedule implements the API.
func (s *server) CreateSchedule(ctx context.Context, r api.CreateScheduleRequestObject) (api.CreateScheduleResponseObject, error) {
	wanted := cell.Schedule{
		Name: r.Body.Name, Cron: r.Body.Cron, TimeZone: "UTC", Missed: cell.MissedOnce, Enabled: true, Kind: cell.JobKind(r.Body.Kind),
	}
	if r.Body.TimeZone != nil {
		wanted.TimeZone = *r.Body.TimeZone
	}
	if r.Body.Missed != nil {
		wanted.Missed = cell.Missed(*r.Body.Missed)
	}
	var err error
	if wanted.Payload, err = scheduledPayload(wanted.Kind, r.Body.Format); err != nil {
		return nil, err
	}
	created, err := s.Schedules.Create(ctx, callFrom(ctx), wanted)
	if err != nil {
		return nil, err
	}
	location := "/v1/schedules/" + created.ID.String()
	return api.CreateSchedule201JSONResponse{
		Body: scheduleOf(created), Headers: api.CreateSchedule201ResponseHeaders{ETag: etag(created.Version), Location: &location},
	}, nil
}

// scheduledPayload is what the jobs of a schedule are told.
func scheduledPayload(kind cell.JobKind, format *api.ReportFormat) ([]byte, error) {
	switch {
	case kind == cell.ReportJob && format == nil:
		format = new(api.ReportFormat)
		*format = api.ReportFormat(cell.ReportCSV)
	case kind != cell.ReportJob && format != nil:
		return nil, fault.New(fault.Invalid, "the request breaks rules of the API").At("/format", "only reports have a format")
	case kind != cell.ReportJob:
		return nil, nil
	}
	return json.Marshal(cell.ReportOrder{Format: cell.ReportFormat(*format)})
}

// GetSchedule implements the API.
func (s *server) GetSchedule(ctx context.Context, r api.GetScheduleRequestObject) (api.GetScheduleResponseObject, error) {
	found, err := s.Schedules.Get(ctx, callFrom(ctx), r.ScheduleID)
	if err != nil {
		return nil, err
	}
	return api.GetSchedule200JSONResponse{ScheduleJSONResponse: scheduleAnswer(found)}, nil
}

// UpdateSchedule implements the API.
func (s *server) UpdateSchedule(ctx context.Context, r api.UpdateScheduleRequestObject) (api.UpdateScheduleResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	patch := patchOf(r.ApplicationMergePatchPlusJSONBody, r.JSONBody)
	changed, err := s.Schedules.Update(ctx, callFrom(ctx), r.ScheduleID, cell.ScheduleChange{
		Name: patch.Name, Cron: patch.Cron, TimeZone: patch.TimeZone, Missed: (*cell.Missed)(patch.Missed), Enabled: patch.Enabled,
	}, pre)
	if err != nil {
		return nil, err
	}
	return api.UpdateSchedule200JSONResponse{ScheduleJSONResponse: scheduleAnswer(changed)}, nil
}

// DeleteSchedule implements the API.
func (s *server) DeleteSchedule(ctx context.Context, r api.DeleteScheduleRequestObject) (api.DeleteScheduleResponseObject, error) {
	pre, err := parseIfMatch(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Schedules.Delete(ctx, callFrom(ctx), r.ScheduleID, pre); err != nil {
		return nil, err
	}
	return api.DeleteSchedule204Response{}, nil
}

func scheduleAnswer(s cell.Schedule) api.ScheduleJSONResponse {
	return api.ScheduleJSONResponse{Body: scheduleOf(s), Headers: api.ScheduleResponseHeaders{ETag: etag(s.Version)}}
}

func scheduleOf(s cell.Schedule) api.Schedule {
	shown := api.Schedule{
		ID: s.ID, Name: s.Name, Cron: s.Cron, TimeZone: s.TimeZone, Missed: api.Missed(s.Missed), Enabled: s.Enabled, System: s.System,
		Kind: string(s.Kind), NextRunAt: s.NextRunAt.UTC(), CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
	}
	var order cell.ReportOrder
	if s.Kind == cell.ReportJob && json.Unmarshal(s.Payload, &order) == nil {
		format := api.ReportFormat(order.Format)
		shown.Format = &format
	}
	if !s.LastRunAt.IsZero() {
		at := s.LastRunAt.UTC()
		shown.LastRunAt = &at
	}
	if s.LastJobID != uuid.Nil {
		shown.LastJobID = &s.LastJobID
	}
	return shown
}
