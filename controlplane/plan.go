package controlplane

import (
	"maps"
	"slices"
	"strings"

	"github.com/coditect/platform/shared/fault"
)

// DefaultPlan is the plan of a sign-up that names none.
const DefaultPlan = "free"

// Plans says in which tier of cells a plan's tenants live.
type Plans map[string]string

// DefaultPlans puts everyone in shared cells but enterprise tenants, who have
// cells of their own tier.
func DefaultPlans() Plans {
	return Plans{"free": "standard", "starter": "standard", "team": "standard", "business": "standard", "enterprise": "enterprise"}
}

// Tier returns the tier of a plan; an unknown plan is a fault.
func (p Plans) Tier(plan string) (string, error) {
	if tier, ok := p[plan]; ok {
		return tier, nil
	}
	known := slices.Sorted(maps.Keys(p))
	return "", fault.New(fault.Invalid, "no such plan").At("/plan", "use one of %s", strings.Join(known, ", "))
}
