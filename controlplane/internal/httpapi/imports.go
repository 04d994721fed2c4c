package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// ImportTenants imports tenants as a stream: results go out while lines come in.
func (s *server) ImportTenants(ctx context.Context, r api.ImportTenantsRequestObject) (api.ImportTenantsResponseObject, error) {
	withCells := orDefault(r.Params.Provision, api.Cells) == api.Cells
	return &importStream{run: func(emit func([]directory.ImportResult) error) error {
		return s.Importer.Run(ctx, r.Body, withCells, emit)
	}, requestID: web.RequestID(ctx)}, nil
}

type importStream struct {
	run       func(emit func([]directory.ImportResult) error) error
	requestID string
	summary   api.ImportSummary
}

const ndjsonType = "application/x-ndjson"

// VisitImportTenantsResponse runs the import. It ends with a line of status
// done; an import that is cut off has none.
func (s *importStream) VisitImportTenantsResponse(w http.ResponseWriter) error {
	control := http.NewResponseController(w)
	if err := control.EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("import: %w", err)
	}
	w.Header().Set("Content-Type", ndjsonType)
	out := &startedWriter{ResponseWriter: w}
	err := s.run(func(results []directory.ImportResult) error {
		if err := s.write(out, results); err != nil {
			return err
		}
		return control.Flush()
	})
	if err != nil {
		w.Header().Del("Content-Type")
		return out.finish(err)
	}
	return json.NewEncoder(out).Encode(api.ImportResult{Status: api.Done, Summary: &s.summary})
}

func (s *importStream) write(w io.Writer, results []directory.ImportResult) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	encoder := json.NewEncoder(buffered)
	for _, r := range results {
		if err := encoder.Encode(s.line(r)); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func (s *importStream) line(r directory.ImportResult) api.ImportResult {
	line := api.ImportResult{Line: r.Line, Status: api.ImportResultStatus(r.Status), Slug: optional(string(r.Tenant.Slug))}
	switch r.Status {
	case directory.ImportFailed:
		s.summary.Failed++
		problem := fault.ProblemOf(r.Err, s.requestID)
		line.Error = &problem
		return line
	case directory.ImportCreated:
		s.summary.Created++
	case directory.ImportExists:
		s.summary.Exists++
	}
	line.TenantID, line.Cell, line.APIKey = &r.Tenant.TenantID, optional(r.Tenant.Cell), optional(r.APIKey)
	return line
}
