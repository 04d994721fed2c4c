package cell

import "github.com/coditect/platform/shared/tenancy"

// PlanChange is what the control plane says of a tenant's plan, and whether it
// lets the tenant work.
type PlanChange struct {
	TenantID tenancy.ID
	Epoch    uint64 // the generation that the control plane means
	Plan     string
	Held     bool   // the tenant's own work waits; see HeldKinds
	Version  uint64 // of the directory, as of which that is the plan
}
