package httpapi

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/chain"
)

// ListAudit implements the API.
func (s *server) ListAudit(ctx context.Context, r api.ListAuditRequestObject) (api.ListAuditResponseObject, error) {
	call := callFrom(ctx)
	req, err := pageRequest(call, "audit", r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	p := r.Params
	page, err := s.History.Audit(ctx, call, auditFilter(p.Actor, p.Subject, p.Action, p.Since, p.Until), req)
	if err != nil {
		return nil, err
	}
	list := api.ListAudit200JSONResponse{Items: make([]api.AuditEntry, 0, len(page.Items)), NextCursor: encodeCursor(call.Tenant, "audit", page.Next)}
	for _, e := range page.Items {
		list.Items = append(list.Items, auditEntryOf(e))
	}
	return list, nil
}

func auditFilter(actor, subject *uuid.UUID, action *string, since, until *time.Time) cell.AuditFilter {
	f := cell.AuditFilter{Action: orEmpty(action)}
	if actor != nil {
		f.Actor = *actor
	}
	if subject != nil {
		f.Subject = *subject
	}
	if since != nil {
		f.Since = *since
	}
	if until != nil {
		f.Until = *until
	}
	return f
}

// ExportAudit implements the API. The first entries are read before the answer
// begins, so that a refusal is a problem document.
func (s *server) ExportAudit(ctx context.Context, r api.ExportAuditRequestObject) (api.ExportAuditResponseObject, error) {
	p := r.Params
	var after uuid.UUID
	if p.After != nil {
		after = *p.After
	}
	export := s.History.ExportAudit(callFrom(ctx), auditFilter(p.Actor, p.Subject, p.Action, p.Since, p.Until), after)
	first, err := export.Next(ctx)
	if err != nil {
		return nil, err
	}
	return auditStream{ctx: ctx, export: export, first: first}, nil
}

// auditStream writes an export, a part at a time: what is in memory does not
// grow with the log.
type auditStream struct {
	ctx    context.Context //nolint:containedctx // the generated interface passes none
	export exporter
	first  []cell.AuditEntry
}

// exporter is what auditStream reads. It is an interface because its test has
// a log of its own.
type exporter interface {
	Next(ctx context.Context) ([]cell.AuditEntry, error)
	After() uuid.UUID // the last entry that Next returned
}

// reserve is how long before the request's deadline a stream ends by itself.
const reserve = 2 * time.Second

// VisitExportAuditResponse implements the API.
func (a auditStream) VisitExportAuditResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	lines, flusher := json.NewEncoder(w), http.NewResponseController(w)
	entries := a.first
	for len(entries) > 0 {
		for _, e := range entries {
			if err := lines.Encode(auditEntryOf(e)); err != nil {
				return nil //nolint:nilerr // the client is gone; there is nobody to tell
			}
		}
		written := a.export.After()
		_ = flusher.Flush() // not all writers can; the rest comes anyway
		var err error
		if deadline, ok := a.ctx.Deadline(); ok && time.Until(deadline) < reserve {
			err = context.DeadlineExceeded
		} else {
			entries, err = a.export.Next(a.ctx)
		}
		if err != nil {
			_ = lines.Encode(map[string]any{"after": written})
			return nil //nolint:nilerr // the answer has begun; the last line says how to go on
		}
	}
	_ = lines.Encode(map[string]any{"complete": true})
	return nil
}

// VerifyAudit implements the API.
func (s *server) VerifyAudit(ctx context.Context, _ api.VerifyAuditRequestObject) (api.VerifyAuditResponseObject, error) {
	report, err := s.Auditor.Verify(ctx, callFrom(ctx))
	if err != nil {
		return nil, err
	}
	answer := api.VerifyAudit200JSONResponse{
		Intact: report.Intact(), Entries: report.Rows, Pending: report.Pending, Checkpoints: report.Checkpoints, SignedTo: report.SignedTo,
	}
	if report.Last.No > 0 {
		answer.LastCheckpoint = checkpointOf(report.Last)
	}
	if report.Horizon.Drawn() {
		answer.Horizon = horizonOf(report.Horizon)
	}
	answer.Findings = findingsOf(report.Findings)
	return answer, nil
}

func checkpointOf(c cell.Checkpoint) *api.AuditCheckpoint {
	return &api.AuditCheckpoint{
		No: c.No, Seq: c.Seq, Hash: hex.EncodeToString(c.Hash[:]), Previous: hex.EncodeToString(c.Previous[:]), Cell: c.Cell,
		SignedAt: c.SignedAt.UTC(), PublicKey: hex.EncodeToString(c.PublicKey), Signature: hex.EncodeToString(c.Signature),
	}
}

func horizonOf(h cell.Horizon) *api.AuditHorizon {
	return &api.AuditHorizon{
		Seq: h.Base.Seq, EntryID: h.Base.AuditID, Hash: hex.EncodeToString(h.Base.Hash[:]), Newest: h.Base.Newest, Checkpoint: h.Checkpoint,
		Digest: hex.EncodeToString(h.Digest[:]), Before: h.Before.UTC(), Cell: h.Cell, SignedAt: h.SignedAt.UTC(),
		PublicKey: hex.EncodeToString(h.PublicKey), Signature: hex.EncodeToString(h.Signature),
	}
}

// findings is the type that is generated for the list.
type findings = []struct {
	Checkpoint *int64  `json:"checkpoint,omitempty"`
	EntryID    *api.ID `json:"entry_id,omitempty"`
	Kind       string  `json:"kind"`
	Message    string  `json:"message"`
	Seq        *int64  `json:"seq,omitempty"`
}

func findingsOf(found []chain.Finding) findings {
	list := make(findings, len(found))
	for i, f := range found {
		list[i].Kind, list[i].Message = f.Kind, f.Text
		if f.Seq != 0 {
			list[i].Seq = &found[i].Seq
		}
		if f.Checkpoint != 0 {
			list[i].Checkpoint = &found[i].Checkpoint
		}
		if f.AuditID != uuid.Nil {
			list[i].EntryID = &found[i].AuditID
		}
	}
	return list
}
