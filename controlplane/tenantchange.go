package controlplane

import (
	"bytes"
	"encoding/json"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// SetPlan returns the tenant with another plan. planTier is the plan's tier,
// cellTier that of the tenant's cell: a plan is never served by a cell of
// another tier.
func (t Tenant) SetPlan(plan, planTier, cellTier string) (next Tenant, changed bool, err error) {
	switch {
	case t.Plan == plan:
		return t, false, nil
	case !t.settled():
		return t, false, fault.New(fault.Conflict, "the tenant is %s; its plan cannot change", t.State)
	case planTier != cellTier:
		return t, false, fault.New(fault.Conflict, "this plan is for cells of tier %s and the tenant's cell is of tier %s; migrate the tenant to a cell of that tier first", planTier, cellTier).
			At("/plan", "needs a cell of tier %s", planTier)
	}
	t.Plan = plan
	return t, true, nil
}

// SetEdge returns the tenant with another edge policy; nil and the empty
// policy are the same.
func (t Tenant) SetEdge(policy *directory.EdgePolicy) (next Tenant, changed bool, err error) {
	if err := policy.Validate(); err != nil {
		return t, false, err
	}
	if !t.settled() {
		return t, false, fault.New(fault.Conflict, "the tenant is %s; its edge policy cannot change", t.State)
	}
	policy = concise(withAccess(policy, directory.AccessOf(t.Edge)))
	same, err := equalPolicies(t.Edge, policy)
	if err != nil || same {
		return t, false, err
	}
	t.Edge = policy
	return t, true, nil
}

// SetAccess returns the tenant with the access that its bills leave it. A tenant
// that does not live on is left alone: there is nothing to give or take.
func (t Tenant) SetAccess(access directory.Access) (next Tenant, changed bool) {
	if !t.settled() || directory.AccessOf(t.Edge) == access {
		return t, false
	}
	t.Edge = concise(withAccess(t.Edge, access))
	return t, true
}

// Held reports whether the tenant's own work waits in its cell: it is suspended or
// leaves, or its bills are unpaid for too long.
func (t Tenant) Held() bool {
	return t.State != directory.Active || directory.AccessOf(t.Edge) != directory.FullAccess
}

func withAccess(p *directory.EdgePolicy, access directory.Access) *directory.EdgePolicy {
	next := directory.EdgePolicy{}
	if p != nil {
		next = *p
	}
	next.Access = access
	return &next
}

// settled reports whether the tenant lives and is to go on living.
func (t Tenant) settled() bool {
	return t.State == directory.Active || t.State == directory.Suspended
}

// concise leaves out what says nothing, so that one policy has one form.
func concise(p *directory.EdgePolicy) *directory.EdgePolicy {
	if p == nil {
		return nil
	}
	short := directory.EdgePolicy{CORS: p.CORS, RequestHeaders: conciseRules(p.RequestHeaders), ResponseHeaders: conciseRules(p.ResponseHeaders), Limits: p.Limits, Access: p.Access}
	if short.CORS == nil && short.RequestHeaders == nil && short.ResponseHeaders == nil && len(short.Limits) == 0 && short.Access == directory.FullAccess {
		return nil
	}
	return &short
}

func conciseRules(h *directory.HeaderRules) *directory.HeaderRules {
	if h == nil || len(h.Remove)+len(h.Set) == 0 {
		return nil
	}
	return h
}

// equalPolicies compares what routers would be told.
func equalPolicies(a, b *directory.EdgePolicy) (bool, error) {
	one, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	other, err := json.Marshal(b)
	return bytes.Equal(one, other), err
}
