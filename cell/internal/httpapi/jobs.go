package httpapi

import (
	"context"
	"mime"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

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
	if r.Params.Kind != nil {
		filter.Kind = cell.JobKind(*r.Params.Kind)
	}
	page, err := s.Jobs.List(ctx, call, filter, req)
	if err != nil {
		return nil, err
	}
	list := api.ListJobs200JSONResponse{Items: make([]api.Job, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "jobs", page.Next)}
	for _, item := range page.Items {
		list.Items = append(list.Items, s.jobOf(call, item))
	}
	return list, nil
}

// GetJob implements the API.
func (s *server) GetJob(ctx context.Context, r api.GetJobRequestObject) (api.GetJobResponseObject, error) {
	found, err := s.Jobs.Get(ctx, callFrom(ctx), r.JobID)
	if err != nil {
		return nil, err
	}
	return api.GetJob200JSONResponse{JobJSONResponse: api.JobJSONResponse(s.jobOf(callFrom(ctx), found))}, nil
}

// CancelJob implements the API.
func (s *server) CancelJob(ctx context.Context, r api.CancelJobRequestObject) (api.CancelJobResponseObject, error) {
	changed, err := s.Jobs.Cancel(ctx, callFrom(ctx), r.JobID)
	if err != nil {
		return nil, err
	}
	return api.CancelJob200JSONResponse{JobJSONResponse: api.JobJSONResponse(s.jobOf(callFrom(ctx), changed))}, nil
}

// ReplayJob implements the API.
func (s *server) ReplayJob(ctx context.Context, r api.ReplayJobRequestObject) (api.ReplayJobResponseObject, error) {
	changed, err := s.Jobs.Replay(ctx, callFrom(ctx), r.JobID)
	if err != nil {
		return nil, err
	}
	return api.ReplayJob200JSONResponse{JobJSONResponse: api.JobJSONResponse(s.jobOf(callFrom(ctx), changed))}, nil
}

// jobOf shows a job, and a link to its file to who may load that.
func (s *server) jobOf(call *cell.Call, j cell.Job) api.Job {
	shown := api.Job{
		ID: j.ID, Kind: string(j.Kind), State: api.JobState(j.State), Attempts: j.Attempts, MaxAttempts: j.MaxAttempts,
		Progress: j.Progress, ProgressText: orNil(j.ProgressText), CancelRequested: j.CancelRequested,
		RunAt: j.RunAt.UTC(), LastError: j.LastError, CreatedAt: j.CreatedAt.UTC(), UpdatedAt: j.UpdatedAt.UTC(),
	}
	if link := s.Files.Link(j); link != nil && (j.Kind != cell.DataExport || call.Admitted.Has(cell.ExportsWrite)) {
		shown.File = &api.JobFile{
			Name: link.Name, MediaType: link.MediaType, Size: link.Size, Sha256: link.SHA256,
			URL: "/v1/download?token=" + link.Token, URLExpiresAt: link.Expires, KeptUntil: link.KeptUntil,
		}
	}
	return shown
}

// CreateReport implements the API.
func (s *server) CreateReport(ctx context.Context, r api.CreateReportRequestObject) (api.CreateReportResponseObject, error) {
	created, err := s.Jobs.Report(ctx, callFrom(ctx), cell.ReportOrder{Format: cell.ReportFormat(r.Body.Format)})
	if err != nil {
		return nil, err
	}
	location := "/v1/jobs/" + created.ID.String()
	return api.CreateReport202JSONResponse{JobAcceptedJSONResponse: api.JobAcceptedJSONResponse{
		Body: s.jobOf(callFrom(ctx), created), Headers: api.JobAcceptedResponseHeaders{Location: &location},
	}}, nil
}

// CreateExport implements the API.
func (s *server) CreateExport(ctx context.Context, _ api.CreateExportRequestObject) (api.CreateExportResponseObject, error) {
	created, err := s.Jobs.Export(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	location := "/v1/jobs/" + created.ID.String()
	return api.CreateExport202JSONResponse{JobAcceptedJSONResponse: api.JobAcceptedJSONResponse{
		Body: s.jobOf(callFrom(ctx), created), Headers: api.JobAcceptedResponseHeaders{Location: &location},
	}}, nil
}

// DownloadFile implements the API.
func (s *server) DownloadFile(ctx context.Context, r api.DownloadFileRequestObject) (api.DownloadFileResponseObject, error) {
	file, body, err := s.Files.Open(ctx, callFrom(ctx), r.Params.Token)
	if err != nil {
		return nil, err
	}
	name := mime.FormatMediaType("attachment", map[string]string{"filename": file.Name})
	private := "private, no-store"
	return api.DownloadFile200AsteriskResponse{
		Body: body, ContentType: file.MediaType, ContentLength: file.Size,
		Headers: api.DownloadFile200ResponseHeaders{ContentDisposition: &name, CacheControl: &private},
	}, nil
}
