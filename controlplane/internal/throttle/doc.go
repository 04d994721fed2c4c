// Package throttle bounds how often anybody may ask for something that costs
// much and needs no key: for each client address, and for all together.
//
//	          client's turn, everybody's turn
//	request ─────────────────────────────────▶ admitted, both turns are used up
//	    └──── else ──▶ refused, nothing is used up, and when to come again
//
// It is a data structure: no goroutines, and the clock is injected. Each process
// counts for itself. What it knows is bounded: of more clients than it remembers
// it forgets those that came longest ago, who begin anew; the bound on all
// together does not depend on that.
package throttle
