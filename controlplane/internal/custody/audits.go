package custody

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Records tells what is kept of one tenant. The consumer's own interface, apart
// from Store since the API only reads.
type Records interface {
	Checkpoint(ctx context.Context, tenant tenancy.ID) (controlplane.KeptCheckpoint, error)
}

// Tenants finds tenants in the directory.
type Tenants interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
}

// Verifier has a cell verify a tenant's log, against an anchor unless that is nil.
type Verifier interface {
	VerifyAudit(ctx context.Context, cell string, tenant tenancy.ID, anchor *cellapi.Checkpoint) (controlplane.AuditReport, error)
}

// Audits compares tenants' audit logs with what is kept of them.
type Audits struct {
	Records Records
	Tenants Tenants
	Cells   Verifier
}

// Checkpoint returns the kept checkpoint of a tenant's log. NotFound: none was
// handed out yet.
func (a Audits) Checkpoint(ctx context.Context, id tenancy.ID) (controlplane.KeptCheckpoint, error) {
	if _, err := a.Tenants.Get(ctx, id); err != nil {
		return controlplane.KeptCheckpoint{}, err
	}
	kept, err := a.Records.Checkpoint(ctx, id)
	if err == nil && kept.No == 0 {
		err = fault.New(fault.NotFound, "no checkpoint of this tenant's audit log is kept yet; its cell signs one within minutes of a change, and it is fetched a minute later")
	}
	return kept, err
}

// Verify has the tenant's cell verify the log against the kept checkpoint, if
// there is one, and adds what was noticed before.
func (a Audits) Verify(ctx context.Context, id tenancy.ID) (controlplane.AuditReport, error) {
	tenant, err := a.Tenants.Get(ctx, id)
	if err != nil {
		return controlplane.AuditReport{}, err
	}
	kept, err := a.Records.Checkpoint(ctx, id)
	if err != nil {
		return controlplane.AuditReport{}, err
	}
	var anchor *cellapi.Checkpoint
	if kept.No > 0 {
		anchor = &kept.Checkpoint
	}
	report, err := a.Cells.VerifyAudit(ctx, tenant.Cell, id, anchor)
	if err != nil {
		return controlplane.AuditReport{}, err
	}
	report.Against = kept
	if kept.Suspicion != "" {
		report.Intact = false
		report.Findings = append(report.Findings, controlplane.AuditFinding{Kind: "suspect", Message: kept.Suspicion, Checkpoint: kept.No})
	}
	return report, nil
}
