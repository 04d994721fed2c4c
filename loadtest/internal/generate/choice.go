package generate

import (
	"fmt"

	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// LoadTenants reads whom a scenario speaks of, and says what it needs and they
// lack.
func LoadTenants(s *scenario.Scenario) ([]tenants.Tenant, error) {
	switch {
	case s.Tenants.Slugs != "":
		return tenants.Named(s.Tenants.Slugs, s.Tenants.Count), nil
	case s.Tenants.File == "":
		return nil, nil
	}
	all, err := tenants.ReadFile(s.Tenants.File, s.Tenants.Count)
	if err != nil {
		return nil, err
	}
	for _, step := range s.Mix {
		for i := range all {
			switch {
			case step.NeedsKey() && all[i].Key == "":
				return nil, fmt.Errorf("tenants: %s has no api_key, which the step %s needs", all[i].Slug, step.Name)
			case step.NeedsProject() && len(all[i].Projects) == 0:
				return nil, fmt.Errorf("tenants: %s has no projects, which the step %s needs: seed with --projects", all[i].Slug, step.Name)
			}
		}
	}
	for _, p := range s.Phases {
		if p.Storm != nil && p.Storm.Tenant >= len(all) || p.Migrate != nil && p.Migrate.Tenant >= len(all) {
			return nil, fmt.Errorf("tenants: the phase %s names a tenant of a rank that %d tenants do not have", p.Name, len(all))
		}
	}
	return all, nil
}

// tenant is the one of a rank; nil if there are none.
func (j *Job) tenant(rank int) *tenants.Tenant {
	if rank < 0 {
		return nil
	}
	return &j.Tenants[tenants.At(rank, len(j.Tenants))]
}

// choice draws ranks.
func (j *Job) choice() func() int {
	rng := j.random(forTenants)
	switch {
	case len(j.Tenants) == 0:
		return func() int { return -1 }
	case j.Scenario.Tenants.Choose == scenario.Zipf:
		return tenants.Zipf(len(j.Tenants), j.Scenario.Tenants.Exponent, rng).Next
	}
	return tenants.Uniform(len(j.Tenants), rng).Next
}
