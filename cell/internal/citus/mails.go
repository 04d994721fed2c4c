package citus

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// GetRecipient returns a user, and the organization of which it gets a mail.
func (s *Store) GetRecipient(ctx context.Context, ref cell.JobRef, userID uuid.UUID) (cell.Organization, cell.User, error) {
	var o cell.Organization
	var u cell.User
	err := s.read(ctx, systemCall(ref), func(w *work) {
		w.Queue(`SELECT `+organizationColumns+` FROM organizations WHERE tenant_id = $1`, w.tenant()).QueryRow(into(&o, scanOrganization))
		w.Queue(`SELECT `+userColumns+` FROM users WHERE tenant_id = $1 AND user_id = $2`, w.tenant(), userID.String()).QueryRow(into(&u, scanUser))
	})
	return o, u, err
}

// GetStopped returns a webhook endpoint that the cell has stopped. NotFound: it
// is active again, or gone.
func (s *Store) GetStopped(ctx context.Context, ref cell.JobRef, endpoint uuid.UUID) (cell.WebhookEndpoint, error) {
	e, err := s.GetEndpoint(ctx, systemCall(ref), endpoint)
	if err == nil && (e.Active || e.DisabledReason == "") {
		err = fault.New(fault.NotFound, "the endpoint is not stopped")
	}
	return e, err
}

func systemCall(ref cell.JobRef) *cell.Call {
	return &cell.Call{Tenant: ref.TenantID, System: true, RequestID: "job:" + ref.JobID.String()}
}
