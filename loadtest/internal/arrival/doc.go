// Package arrival says when requests begin. It is pure: the same phases, seed
// and share give the same times.
//
// A phase's rate may change linearly. Arrivals are made at rate one, evenly or as
// a Poisson process, and put on the phase's own time scale by the inverse of the
// number of requests due until then; so a ramp is as exact as a constant rate.
//
// Several processes share a run: of evenly spaced arrivals each takes every n-th, and
// of a Poisson process each makes one of an n-th of the rate, whose sum is the whole.
package arrival
