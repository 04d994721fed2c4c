package tenantcache

import (
	"strings"

	"github.com/coditect/platform/shared/directory"
)

// profile is what many tenants have in common.
type profile struct {
	cell, region, plan string
	state              directory.State
}

// profiles numbers the profiles that were ever seen: cells × plans × states, so
// there are few.
type profiles struct {
	list    []profile
	numbers map[profile]uint32
}

func profileOf(a *directory.Assignment) profile {
	return profile{cell: a.Cell, region: a.Region, plan: a.Plan, state: a.State}
}

func (s *profiles) has(p profile) bool {
	_, ok := s.numbers[p]
	return ok
}

// add numbers a profile that has no number yet, keeping copies of its texts.
func (s *profiles) add(p profile) {
	p = profile{strings.Clone(p.cell), strings.Clone(p.region), strings.Clone(p.plan), directory.State(strings.Clone(string(p.state)))}
	s.numbers[p] = uint32(len(s.list))
	s.list = append(s.list, p)
}
