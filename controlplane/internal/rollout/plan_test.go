package rollout_test

import (
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/rollout"
	"github.com/coditect/platform/shared/fault"
)

func candidates(n int) (cells []rollout.Candidate) {
	for i := range n {
		cells = append(cells, rollout.Candidate{ID: string(rune('a' + i)), Tenants: 1000 - i, From: before})
	}
	return cells
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, canary string
		sizes        []string
		cells        []rollout.Candidate
		want         string // waves of ids
	}{
		{"few tenants first", "", []string{"1", "50%", "100%"}, candidates(6), "f|ed|cba"},
		{"the canary before them", "c", []string{"1", "50%", "100%"}, candidates(6), "c|fe|dba"},
		{"parts are rounded up", "", []string{"10%", "100%"}, candidates(3), "c|ba"},
		{"waves that would be empty are none", "", []string{"1", "10%", "50%", "100%"}, candidates(2), "b|a"},
		{"one cell", "", []string{"1", "100%"}, candidates(1), "a"},
		{"what has the version is left out", "", []string{"100%"}, append(candidates(2), rollout.Candidate{ID: "z", From: after}), "ba"},
		{"a canary that has the version already", "z", []string{"1", "100%"}, append(candidates(2), rollout.Candidate{ID: "z", From: after}), "b|a"},
	} {
		waves, err := rollout.Plan(after, c.canary, c.sizes, c.cells)
		var texts []string
		for _, wave := range waves {
			text := ""
			for _, cell := range wave {
				text += cell.ID
				if cell.From != before || cell.Phase != rollout.CellPending {
					t.Errorf("%s: %+v", c.name, cell)
				}
			}
			texts = append(texts, text)
		}
		if got := strings.Join(texts, "|"); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version, canary string
		sizes           []string
		code            fault.Code
	}{
		"an option as version": {"--force", "", []string{"100%"}, fault.Invalid},
		"an unknown canary":    {after, "x", []string{"100%"}, fault.NotFound},
		"nothing to do":        {before, "", []string{"100%"}, fault.NotFound},
		"cells left out":       {after, "", []string{"1"}, fault.Invalid},
		"more than all":        {after, "", []string{"101%"}, fault.Invalid},
		"nothing":              {after, "", []string{"0"}, fault.Invalid},
		"half a cell":          {after, "", []string{"1.5", "100%"}, fault.Invalid},
		"no number":            {after, "", []string{"NaN%", "100%"}, fault.Invalid},
		"no wave":              {after, "", nil, fault.Invalid},
	} {
		if _, err := rollout.Plan(c.version, c.canary, c.sizes, candidates(3)); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}
