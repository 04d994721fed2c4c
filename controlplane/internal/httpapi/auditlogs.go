package httpapi

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

// GetAuditCheckpoint shows what is kept of a tenant's audit log.
func (s *server) GetAuditCheckpoint(ctx context.Context, r api.GetAuditCheckpointRequestObject) (api.GetAuditCheckpointResponseObject, error) {
	kept, err := s.AuditLogs.Checkpoint(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	return api.GetAuditCheckpoint200JSONResponse(keptCheckpoint(kept)), nil
}

// VerifyTenantAudit compares a tenant's audit log with what is kept of it.
func (s *server) VerifyTenantAudit(ctx context.Context, r api.VerifyTenantAuditRequestObject) (api.VerifyTenantAuditResponseObject, error) {
	report, err := s.AuditLogs.Verify(ctx, r.Tenant)
	if err != nil {
		return nil, err
	}
	answer := api.VerifyTenantAudit200JSONResponse{
		Intact: report.Intact, Entries: report.Entries, Pending: report.Pending, Checkpoints: report.Checkpoints, SignedTo: report.SignedTo,
		Findings: make([]api.AuditFinding, len(report.Findings)),
	}
	for i, f := range report.Findings {
		answer.Findings[i] = api.AuditFinding{Kind: f.Kind, Message: f.Message, Seq: optional(f.Seq), Checkpoint: optional(f.Checkpoint)}
	}
	if report.Against.No > 0 {
		against := keptCheckpoint(report.Against)
		answer.Against = &against
	}
	return answer, nil
}

func keptCheckpoint(k controlplane.KeptCheckpoint) api.KeptCheckpoint {
	return api.KeptCheckpoint{Checkpoint: k.Checkpoint, KeptAt: k.KeptAt, Suspicion: optional(k.Suspicion), SuspectedAt: optional(k.SuspectedAt)}
}
