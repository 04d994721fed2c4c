package controlplane

import "time"

// Healthy reports whether the cell was heard of within [SilentAfter], and serves.
func (c *Cell) Healthy(now time.Time) bool {
	return !c.Heartbeat.At.IsZero() && !c.Heartbeat.Reconciling && now.Sub(c.Heartbeat.At) <= SilentAfter
}

// Tenants is how many tenants the cell has to carry: what it counted itself, or
// what the directory has placed there since, whichever is more.
func (c *Cell) Tenants() int { return max(c.AssignedTenants, c.Heartbeat.Tenants) }

// Headroom is what is left of the cell, from 0 to 1: its share of free places
// times its share of idle processor time, or of the requests that it was measured
// to carry, whichever is less. The product makes every tenant placed
// since the last heartbeat count, so a burst spreads even between cells whose
// measured CPU differs a little.
func (c *Cell) Headroom() float64 {
	if c.CapacityTenants <= 0 {
		return 0
	}
	places := 1 - float64(c.Tenants())/float64(c.CapacityTenants)
	return clamp(places) * clamp(1-max(c.Heartbeat.CPU, c.Load()))
}

// Load is the share in use of the requests that the cell was measured to carry;
// 0 if it was not measured.
func (c *Cell) Load() float64 {
	if c.Measured.RequestsPerSecond <= 0 {
		return 0
	}
	return c.Heartbeat.RequestsPerSecond / c.Measured.RequestsPerSecond
}

// Full reports whether the cell has no place left.
func (c *Cell) Full() bool { return c.Tenants() >= c.CapacityTenants }

// AtLimit reports whether the cell answers all the requests that it was measured
// to carry.
func (c *Cell) AtLimit() bool { return c.Load() >= 1 }

func clamp(x float64) float64 { return min(1, max(0, x)) }
