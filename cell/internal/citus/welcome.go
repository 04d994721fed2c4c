package citus

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// GetWelcome returns whom to welcome to which organization.
func (s *Store) GetWelcome(ctx context.Context, ref cell.JobRef, userID uuid.UUID) (cell.Organization, cell.User, error) {
	var o cell.Organization
	var u cell.User
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(`SELECT `+organizationColumns+` FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(into(&o, scanOrganization))
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), userID.String()).QueryRow(into(&u, scanUser))
	})
	return o, u, err
}

func systemCall(ref cell.JobRef) *cell.Call {
	return &cell.Call{Tenant: ref.TenantID, System: true, RequestID: "job:" + ref.JobID.String()}
}
