package internalapi

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/shared/fault"
)

// Anchors are the checkpoints of the audit logs of all tenants. It is an
// interface because edges do not know each other.
type Anchors interface {
	ListCheckpoints(ctx context.Context, since time.Time, limit int) ([]cell.Checkpoint, error)
}

const defaultCheckpointPage = 1000

// ListCheckpoints implements the API.
func (s *server) ListCheckpoints(ctx context.Context, r api.ListCheckpointsRequestObject) (api.ListCheckpointsResponseObject, error) {
	var since time.Time
	if r.Params.Since != nil {
		since = *r.Params.Since
	}
	limit := defaultCheckpointPage
	if r.Params.Limit != nil {
		limit = int(*r.Params.Limit)
	}
	checkpoints, err := s.anchors.ListCheckpoints(ctx, since, limit)
	if err != nil {
		return nil, err
	}
	list := api.ListCheckpoints200JSONResponse{Items: checkpoints}
	if list.Items == nil {
		list.Items = []api.Checkpoint{}
	}
	return list, nil
}

// VerifyTenantAudit implements the API.
func (s *server) VerifyTenantAudit(ctx context.Context, r api.VerifyTenantAuditRequestObject) (api.VerifyTenantAuditResponseObject, error) {
	anchor := r.Body.Anchor
	if anchor != nil && (anchor.Tenant != r.TenantID || !anchor.Genuine()) {
		return nil, fault.New(fault.Invalid, "the anchor's signature is not good for this tenant")
	}
	report, err := s.auditor.VerifyAgainst(ctx, &cell.Call{Tenant: r.TenantID, System: true, RequestID: "audit-verification"}, anchor)
	if err != nil {
		return nil, err
	}
	answer := api.VerifyTenantAudit200JSONResponse{
		Intact: report.Intact(), Entries: report.Rows, Pending: report.Pending, Checkpoints: report.Checkpoints, SignedTo: report.SignedTo,
		Findings: make([]api.AuditFinding, len(report.Findings)),
	}
	for i, f := range report.Findings {
		answer.Findings[i] = findingOf(f)
	}
	return answer, nil
}

func findingOf(f chain.Finding) api.AuditFinding {
	finding := api.AuditFinding{Kind: f.Kind, Message: f.Text}
	if f.Seq != 0 {
		finding.Seq = &f.Seq
	}
	if f.Checkpoint != 0 {
		finding.Checkpoint = &f.Checkpoint
	}
	return finding
}
