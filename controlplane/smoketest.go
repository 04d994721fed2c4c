package controlplane

import "time"

// SmokeTest is what was tried on a cell before tenants are placed there.
type SmokeTest struct {
	Checks []SmokeCheck // in the order in which they were made
}

// SmokeCheck is one step of it.
type SmokeCheck struct {
	Name   string
	Passed bool
	Detail string // what was found, or why it failed
	Took   time.Duration
}

// Passed reports whether everything did.
func (t SmokeTest) Passed() bool {
	for _, c := range t.Checks {
		if !c.Passed {
			return false
		}
	}
	return len(t.Checks) > 0
}
