package controlplane

// PlanOrder is an order to tell a tenant's cell its plan, and what is to be told
// as of now.
type PlanOrder struct {
	Tenant Tenant
	Number int64 // of the tenant's orders
	Tries  int
}
