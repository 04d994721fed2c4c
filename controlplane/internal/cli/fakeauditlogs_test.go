package cli_test

import (
	"context"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// kept is what the fake keeps of acme's audit log.
func kept() api.KeptCheckpoint {
	c := cellapi.Checkpoint{Tenant: id(1), No: 3, Seq: 700, Hash: [32]byte{1}, Previous: [32]byte{2}, Cell: "cell-a", SignedAt: noon}
	c.Sign(cellapi.CheckpointKey([]byte("control key")))
	return api.KeptCheckpoint{Checkpoint: c, KeptAt: noon}
}

// GetAuditCheckpoint implements the API.
func (f *fakePlane) GetAuditCheckpoint(_ context.Context, r api.GetAuditCheckpointRequestObject) (api.GetAuditCheckpointResponseObject, error) {
	if r.Tenant != id(1) {
		return nil, fault.New(fault.NotFound, "no checkpoint of this tenant's audit log is kept yet")
	}
	return api.GetAuditCheckpoint200JSONResponse(kept()), nil
}

// VerifyTenantAudit implements the API.
func (f *fakePlane) VerifyTenantAudit(_ context.Context, r api.VerifyTenantAuditRequestObject) (api.VerifyTenantAuditResponseObject, error) {
	if r.Tenant == id(1) {
		against := kept()
		return api.VerifyTenantAudit200JSONResponse{Intact: true, Entries: 705, Checkpoints: 3, SignedTo: 700, Findings: []api.AuditFinding{}, Against: &against}, nil
	}
	return api.VerifyTenantAudit200JSONResponse{Entries: 4, Findings: []api.AuditFinding{{Kind: "row_removed", Message: "the row at place 3 is gone"}}}, nil
}
