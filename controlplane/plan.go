package controlplane

import (
	"maps"
	"slices"
	"strings"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

// DefaultPlan is the plan of a sign-up that names none.
const DefaultPlan = "free"

// Plans says in which tier of cells a plan's tenants live.
type Plans map[string]string

// PlansOf returns the plans that a catalogue offers.
func PlansOf(offered *plans.Catalogue) Plans {
	tiers := Plans{}
	for _, p := range offered.Plans {
		tiers[p.Name] = p.Tier
	}
	return tiers
}

// DefaultPlans are those of the built-in catalogue.
func DefaultPlans() Plans { return PlansOf(plans.Default()) }

// Tier returns the tier of a plan; an unknown plan is a fault.
func (p Plans) Tier(plan string) (string, error) {
	if tier, ok := p[plan]; ok {
		return tier, nil
	}
	known := slices.Sorted(maps.Keys(p))
	return "", fault.New(fault.Invalid, "no such plan").At("/plan", "use one of %s", strings.Join(known, ", "))
}
