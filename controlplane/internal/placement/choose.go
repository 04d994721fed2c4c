package placement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// retryAfter is when a cell may have come back or been added.
const retryAfter = 30 * time.Second

// Wish is what a new tenant needs. Empty Region and Cell mean any.
type Wish struct {
	Region string
	Tier   string
	Cell   string // an operator's explicit choice; still never cordoned, full or silent
}

// Decision is a choice and its reason, fit to be recorded with the tenant.
type Decision struct {
	Cell   controlplane.Cell
	Reason string
}

// Choose returns the best cell for the wish as of now. If none will do it
// returns a fault, unavailable, with each cell's reason as a violation; a region
// without any cell is a fault, invalid, since waiting does not help.
func Choose(cells []controlplane.Cell, wish Wish, now time.Time) (Decision, error) {
	if err := checkRegion(cells, wish.Region); err != nil {
		return Decision{}, err
	}
	best := -1
	refused := fault.New(fault.Unavailable, "no cell can take the tenant at the moment").After(retryAfter)
	for i := range cells {
		c := &cells[i]
		if why := refusal(c, wish, now); why != "" {
			refused = refused.At(c.ID, "%s", why)
			continue
		}
		if best < 0 || better(c, &cells[best]) {
			best = i
		}
	}
	if best < 0 {
		return Decision{}, refused
	}
	return Decision{Cell: cells[best], Reason: reason(&cells[best], wish, len(cells)-len(refused.Violations), len(cells))}, nil
}

func checkRegion(cells []controlplane.Cell, region string) error {
	var regions []string
	for i := range cells {
		regions = append(regions, cells[i].Region)
	}
	if region == "" || len(regions) == 0 || slices.Contains(regions, region) {
		return nil
	}
	slices.Sort(regions)
	return fault.New(fault.Invalid, "no cell is in this region").At("/region", "use one of %s", strings.Join(slices.Compact(regions), ", "))
}

// refusal says why the cell is out of the question, or "".
func refusal(c *controlplane.Cell, wish Wish, now time.Time) string {
	switch {
	case wish.Cell != "" && c.ID != wish.Cell:
		return "is not the cell asked for"
	case wish.Region != "" && c.Region != wish.Region:
		return "is in " + c.Region
	case c.Tier != wish.Tier:
		return "is of tier " + c.Tier
	case c.State != directory.CellActive:
		return "is " + string(c.State)
	case !c.Healthy(now):
		return "is silent"
	case c.AtLimit():
		return fmt.Sprintf("is at its limit (%.0f of %.0f requests/s)", c.Heartbeat.RequestsPerSecond, c.Measured.RequestsPerSecond)
	case c.Full():
		return fmt.Sprintf("is full (%d tenants)", c.CapacityTenants)
	}
	return ""
}

func better(a, b *controlplane.Cell) bool {
	if ha, hb := a.Headroom(), b.Headroom(); ha != hb {
		return ha > hb
	}
	if a.Tenants() != b.Tenants() {
		return a.Tenants() < b.Tenants()
	}
	return a.ID < b.ID
}

func reason(c *controlplane.Cell, wish Wish, eligible, all int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "most headroom (%.3f: %d of %d tenants, cpu %.2f) of %d eligible of %d cells; tier %s",
		c.Headroom(), c.Tenants(), c.CapacityTenants, c.Heartbeat.CPU, eligible, all, wish.Tier)
	if c.Measured.RequestsPerSecond > 0 {
		fmt.Fprintf(&b, ", %.0f of %.0f requests/s", c.Heartbeat.RequestsPerSecond, c.Measured.RequestsPerSecond)
	}
	if wish.Region != "" {
		b.WriteString(", region " + wish.Region)
	}
	if wish.Cell != "" {
		b.WriteString(", asked for by name")
	}
	return b.String()
}
