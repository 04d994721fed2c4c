package internalapi

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/export"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

// ndjson is the media type of an export.
const ndjson = "application/x-ndjson"

// stall is how long the other side of a stream may take or give nothing.
const stall = 30 * time.Second

// ExportTenant implements the API.
func (s *server) ExportTenant(ctx context.Context, r api.ExportTenantRequestObject) (api.ExportTenantResponseObject, error) {
	return exportAnswer{ctx: ctx, archive: s.archive, tenant: r.TenantID}, nil
}

// exportAnswer writes while it reads: nothing holds a whole tenant.
type exportAnswer struct {
	ctx     context.Context //nolint:containedctx // the answer is written within the request
	archive export.Archive
	tenant  tenancy.ID
}

// VisitExportTenantResponse implements the generated interface. An error after
// the first byte cuts the connection, so that nobody takes what was sent for all.
func (a exportAnswer) VisitExportTenantResponse(w http.ResponseWriter) error {
	out := &patientWriter{w: w, control: http.NewResponseController(w)}
	_, err := a.archive.Export(a.ctx, a.tenant, out)
	if err != nil && out.begun {
		panic(http.ErrAbortHandler)
	}
	return err
}

// patientWriter gives the reader time anew for every piece.
type patientWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (p *patientWriter) Write(text []byte) (int, error) {
	if !p.begun {
		p.w.Header().Set("Content-Type", ndjson)
		p.begun = true
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(stall)) // what cannot have a deadline does without
	return p.w.Write(text)
}

// ImportTenant implements the API.
func (s *server) ImportTenant(ctx context.Context, r api.ImportTenantRequestObject) (api.ImportTenantResponseObject, error) {
	order := export.Order{TenantID: r.TenantID, Epoch: r.Params.Epoch, RequestID: web.RequestID(ctx)}
	if r.Params.Trusted != nil {
		order.Trusted = *r.Params.Trusted
	}
	take := s.archive.Import
	if r.Params.Replace != nil && *r.Params.Replace {
		take = s.archive.Replace
	}
	summary, err := take(ctx, order, r.Body)
	if err == nil {
		err = s.residency.Forget(ctx, r.TenantID)
	}
	if err != nil {
		return nil, err
	}
	answer := api.ImportTenant200JSONResponse{ExportID: summary.Header.ExportID, Rows: summary.Rows}
	for _, t := range summary.Sections {
		answer.Tables = append(answer.Tables, api.ImportedTable{Name: t.Table, Rows: t.Rows, Sha256: hex.EncodeToString(t.SHA256[:])})
	}
	return answer, nil
}

// isStream reports requests whose body has no bound but its own.
func isStream(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/archive")
}

// withPatience gives the writer of a stream time anew for every piece.
func withPatience(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isStream(r) {
			r.Body = patientBody{r.Body, http.NewResponseController(w)}
		}
		next.ServeHTTP(w, r)
	})
}

type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (p patientBody) Read(into []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(stall)) // what cannot have a deadline does without
	return p.ReadCloser.Read(into)
}
