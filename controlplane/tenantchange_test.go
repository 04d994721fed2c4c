package controlplane_test

import (
	"testing"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

func TestPlanChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state          directory.State
		plan           string
		planTier, cell string
		changed        bool
		code           fault.Code
	}{
		{directory.Active, "team", "standard", "standard", true, ""},
		{directory.Suspended, "team", "standard", "standard", true, ""},
		{directory.Active, "free", "standard", "standard", false, ""},
		{directory.Active, "enterprise", "enterprise", "standard", false, fault.Conflict},
		{directory.Deleting, "team", "standard", "standard", false, fault.Conflict},
		{directory.Deleted, "team", "standard", "standard", false, fault.Conflict},
		{directory.Provisioning, "team", "standard", "standard", false, fault.Conflict},
	} {
		before := tenantIn(c.state)
		before.Plan = "free"
		next, changed, err := before.SetPlan(c.plan, c.planTier, c.cell)
		want := "free"
		if c.changed {
			want = c.plan
		}
		if changed != c.changed || fault.CodeOf(err) != c.code || next.Plan != want {
			t.Errorf("%+v: %s, %v, %v", c, next.Plan, changed, err)
		}
	}
}

func TestEdgePolicyChanges(t *testing.T) {
	t.Parallel()
	policy := func() *directory.EdgePolicy {
		return &directory.EdgePolicy{
			Limits:         []directory.Limit{{Class: "*", PerSecond: 5}},
			RequestHeaders: &directory.HeaderRules{Set: []directory.Header{{Name: "X-A", Value: "1"}}},
		}
	}
	verbose := policy()
	verbose.ResponseHeaders, verbose.RequestHeaders.Remove = &directory.HeaderRules{}, []string{}
	hollow := &directory.EdgePolicy{RequestHeaders: &directory.HeaderRules{Remove: []string{}}, Limits: []directory.Limit{}}
	bad := &directory.EdgePolicy{Limits: []directory.Limit{{Class: "*", PerSecond: -5}}}
	for name, c := range map[string]struct {
		state   directory.State
		before  *directory.EdgePolicy
		set     *directory.EdgePolicy
		after   *directory.EdgePolicy
		changed bool
		code    fault.Code
	}{
		"first":        {directory.Active, nil, policy(), policy(), true, ""},
		"suspended":    {directory.Suspended, nil, policy(), policy(), true, ""},
		"the same":     {directory.Active, policy(), policy(), policy(), false, ""},
		"said longer":  {directory.Active, policy(), verbose, policy(), false, ""},
		"cleared":      {directory.Active, policy(), nil, nil, true, ""},
		"hollow":       {directory.Active, policy(), hollow, nil, true, ""},
		"none to none": {directory.Active, nil, hollow, nil, false, ""},
		"bad":          {directory.Active, policy(), bad, policy(), false, fault.Invalid},
		"deleting":     {directory.Deleting, policy(), nil, policy(), false, fault.Conflict},
		"deleted":      {directory.Deleted, nil, policy(), nil, false, fault.Conflict},
		"provisioning": {directory.Provisioning, nil, policy(), nil, false, fault.Conflict},
	} {
		tenant := tenantIn(c.state)
		tenant.Edge = c.before
		next, changed, err := tenant.SetEdge(c.set)
		if changed != c.changed || fault.CodeOf(err) != c.code || (next.Edge == nil) != (c.after == nil) {
			t.Errorf("%s: %+v, %v, %v", name, next.Edge, changed, err)
			continue
		}
		if again, changed, err := next.SetEdge(c.after); c.code == "" && (changed || err != nil) {
			t.Errorf("%s is not %+v: %+v, %v", name, c.after, again.Edge, err)
		}
	}
}
