package workspaces

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// OrganizationStore keeps the tenant's organization. It is an interface because
// use-cases do not know the database.
type OrganizationStore interface {
	GetOrganization(ctx context.Context, call *cell.Call) (cell.Organization, error)
	UpdateOrganization(ctx context.Context, call *cell.Call, change cell.OrganizationChange, pre cell.Precondition, entry cell.AuditEntry) (cell.Organization, error)
}

// Organizations are the use-cases of the organization.
type Organizations struct{ Store OrganizationStore }

// Get returns the organization.
func (o Organizations) Get(ctx context.Context, call *cell.Call) (cell.Organization, error) {
	return o.Store.GetOrganization(ctx, call)
}

// Update changes the organization.
func (o Organizations) Update(ctx context.Context, call *cell.Call, change cell.OrganizationChange, pre cell.Precondition) (cell.Organization, error) {
	var r rules
	r.name(change.Name)
	if err := r.err(); err != nil {
		return cell.Organization{}, err
	}
	entry := cell.AuditEntry{
		Action: "organization.updated", SubjectType: "organization", SubjectID: uuid.UUID(call.Tenant), Details: map[string]any{},
	}
	set(entry.Details, "name", change.Name)
	return o.Store.UpdateOrganization(ctx, call, change, pre, entry)
}
