package rollout

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/coditect/platform/shared/fault"
)

// Candidate is a cell that may take part.
type Candidate struct {
	ID      string
	Tenants int
	From    string // the version that it has
}

// Plan orders cells into waves. Sizes say how many cells have the version after each
// wave, as a number or as a part of them all ("1", "25%", "100%"). The first wave
// begins with the canary; the others go from few tenants to many. Cells that have the
// version already are left out.
//
// Faults: invalid (the sizes or the version), not_found (no such canary, or no cell
// to change).
func Plan(version, canary string, sizes []string, cells []Candidate) ([][]Cell, error) {
	if !ValidVersion(version) {
		return nil, fault.New(fault.Invalid, "%q cannot be a version: use letters, digits and ._:@/+-", version)
	}
	if canary != "" && !slices.ContainsFunc(cells, func(c Candidate) bool { return c.ID == canary }) {
		return nil, fault.New(fault.NotFound, "the canary %s is none of the cells", canary)
	}
	left := slices.DeleteFunc(slices.Clone(cells), func(c Candidate) bool { return c.From == version })
	if len(left) == 0 {
		return nil, fault.New(fault.NotFound, "every cell has version %s already", version)
	}
	slices.SortFunc(left, func(a, b Candidate) int {
		if a.ID == canary || b.ID == canary {
			return map[bool]int{true: -1, false: 1}[a.ID == canary]
		}
		return cmp.Or(cmp.Compare(a.Tenants, b.Tenants), cmp.Compare(a.ID, b.ID))
	})
	ends, err := waveEnds(sizes, len(left))
	if err != nil {
		return nil, err
	}
	var waves [][]Cell
	from := 0
	for _, end := range ends {
		var wave []Cell
		for _, c := range left[from:end] {
			wave = append(wave, Cell{ID: c.ID, From: c.From, Phase: CellPending})
		}
		waves, from = append(waves, wave), end
	}
	return waves, nil
}

// waveEnds turns sizes into how many of n cells each wave ends with. Waves that
// would be empty, since there are few cells, are left out.
func waveEnds(sizes []string, n int) ([]int, error) {
	var ends []int
	last := 0
	for _, size := range sizes {
		end, err := waveEnd(size, n)
		if err != nil {
			return nil, err
		}
		if end > last {
			ends, last = append(ends, end), end
		}
	}
	if last != n {
		return nil, fault.New(fault.Invalid, "the waves %s leave out %d of %d cells: end with 100%%", strings.Join(sizes, ","), n-last, n)
	}
	return ends, nil
}

func waveEnd(size string, n int) (int, error) {
	digits, part := strings.CutSuffix(size, "%")
	number, err := strconv.ParseFloat(digits, 64)
	switch {
	case err != nil || number <= 0 || math.IsInf(number, 0) || math.IsNaN(number):
	case part && number <= 100:
		return int(math.Ceil(float64(n) * number / 100)), nil
	case !part && number == math.Trunc(number):
		return min(n, int(min(number, math.MaxInt32))), nil
	}
	return 0, fault.New(fault.Invalid, "%q is no size of a wave: use a number of cells, or a part of them all such as 25%%", size)
}
