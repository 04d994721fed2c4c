package directory

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// TenantStore keeps tenants. The consumer's own interface, for tests of the
// compare-and-set's retries.
type TenantStore interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
	List(ctx context.Context, f controlplane.TenantFilter, page controlplane.Page) ([]controlplane.Tenant, error)
	Update(ctx context.Context, next controlplane.Tenant, action string) (controlplane.Tenant, error)
}

// CellGetter knows the cells' tiers.
type CellGetter interface {
	Get(ctx context.Context, id string) (controlplane.Cell, error)
}

// Tenants is what operators do with tenants.
type Tenants struct {
	TenantStore
	Cells CellGetter
	Plans controlplane.Plans
	Clock func() time.Time
}

// AnyVersion lets a change go ahead whatever the tenant's version is.
const AnyVersion = 0

// tries bounds how often a change is repeated when others get in between.
const tries = 5

// Suspend stops a tenant from being served (402 at the edge).
func (s Tenants) Suspend(ctx context.Context, id tenancy.ID, reason string, ifVersion uint64) (controlplane.Tenant, error) {
	return s.change(ctx, id, ifVersion, "tenant.suspend", func(t controlplane.Tenant) (controlplane.Tenant, bool, error) { return t.Suspend(reason) })
}

// Resume undoes a suspension, or a deletion within its grace period.
func (s Tenants) Resume(ctx context.Context, id tenancy.ID, ifVersion uint64) (controlplane.Tenant, error) {
	return s.change(ctx, id, ifVersion, "tenant.resume", controlplane.Tenant.Resume)
}

// Delete stops a tenant from being served, and orders its removal after a grace
// period.
func (s Tenants) Delete(ctx context.Context, id tenancy.ID, grace time.Duration, ifVersion uint64) (controlplane.Tenant, error) {
	after := s.Clock().UTC().Add(grace).Truncate(time.Microsecond) // what the database can store
	return s.change(ctx, id, ifVersion, "tenant.delete", func(t controlplane.Tenant) (controlplane.Tenant, bool, error) { return t.Delete(after) })
}

// SetPlan gives a tenant another plan of the same tier.
func (s Tenants) SetPlan(ctx context.Context, id tenancy.ID, plan string, ifVersion uint64) (controlplane.Tenant, error) {
	tier, err := s.Plans.Tier(plan)
	if err != nil {
		return controlplane.Tenant{}, err
	}
	return s.change(ctx, id, ifVersion, "tenant.plan", func(t controlplane.Tenant) (controlplane.Tenant, bool, error) {
		cell, err := s.Cells.Get(ctx, t.Cell)
		if err != nil {
			return t, false, err
		}
		return t.SetPlan(plan, tier, cell.Tier)
	})
}

// SetEdge replaces a tenant's edge policy; nil clears it.
func (s Tenants) SetEdge(ctx context.Context, id tenancy.ID, policy *directory.EdgePolicy, ifVersion uint64) (controlplane.Tenant, error) {
	return s.change(ctx, id, ifVersion, "tenant.edge", func(t controlplane.Tenant) (controlplane.Tenant, bool, error) { return t.SetEdge(policy) })
}

// change applies a rule to the tenant as it is, and makes it so if nobody else
// has changed it in between. Who named a version is told about that; everyone
// else's change is simply applied again.
func (s Tenants) change(ctx context.Context, id tenancy.ID, ifVersion uint64, action string,
	rule func(controlplane.Tenant) (controlplane.Tenant, bool, error),
) (controlplane.Tenant, error) {
	for try := 1; ; try++ {
		now, err := s.Get(ctx, id)
		if err != nil {
			return now, err
		}
		if ifVersion != AnyVersion && now.Version != ifVersion {
			return now, fault.New(fault.Stale, "the tenant is at version %d, not %d", now.Version, ifVersion)
		}
		next, changed, err := rule(now)
		if err != nil || !changed {
			return next, err
		}
		next, err = s.Update(ctx, next, action)
		if fault.CodeOf(err) == fault.Stale && ifVersion == AnyVersion && try < tries {
			continue
		}
		return next, err
	}
}
