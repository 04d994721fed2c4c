package cell

import (
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Organization is the tenant as its people see it: one for each tenant.
type Organization struct {
	TenantID  tenancy.ID
	Slug      tenancy.Slug
	Name      string
	Plan      string
	Version   int64 // grows with every change; see Precondition
	CreatedAt time.Time
	UpdatedAt time.Time
}

// OrganizationChange holds what a change sets; nil leaves a field as it is.
type OrganizationChange struct{ Name *string }
