package cell

import "github.com/coditect/platform/shared/tenancy"

// PlanChange is what the control plane says of a tenant's plan.
type PlanChange struct {
	TenantID tenancy.ID
	Epoch    uint64 // the generation that the control plane means
	Plan     string
	Version  uint64 // of the directory, as of which that is the plan
}
