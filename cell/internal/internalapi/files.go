package internalapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// ListFiles implements the API.
func (s *server) ListFiles(ctx context.Context, r api.ListFilesRequestObject) (api.ListFilesResponseObject, error) {
	return fileLines{s, ctx, transferOf(r.TenantID, r.MigrationID)}, nil
}

// fileLines answers with a line of JSON for each file, and one for the end.
type fileLines struct {
	*server
	ctx context.Context
	of  cell.Transfer
}

// VisitListFilesResponse implements the generated interface.
func (l fileLines) VisitListFilesResponse(w http.ResponseWriter) error {
	ctx, cancel := untilDrained(l.ctx)
	defer cancel()
	out := bufio.NewWriterSize(w, frameBuffer)
	lines := json.NewEncoder(out)
	var n int64
	err := l.exporter.ListFiles(ctx, l.of, func(f cell.StoredFile) error {
		if n == 0 {
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		n++
		return lines.Encode(api.FileLine{Key: &f.Key, Bytes: &f.Bytes, Modified: &f.Modified})
	})
	last := api.FileLine{Files: &n}
	switch {
	case err != nil && n == 0:
		return err
	case err != nil:
		text := fault.ProblemOf(l.brokenOff(ctx, err), web.RequestID(ctx)).Detail
		last = api.FileLine{Error: &text}
	case n == 0:
		w.Header().Set("Content-Type", "application/x-ndjson")
	}
	_ = lines.Encode(last) // if the client is gone there is nobody left to tell
	_ = out.Flush()
	return nil
}
