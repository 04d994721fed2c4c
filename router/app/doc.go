// Package app wires the router together: what starts in which order, and what
// keeps running while other things are down.
//
// A start needs nothing but its listeners. The cache is filled from the disk
// snapshot, else from the control plane; with neither, the router becomes ready
// after StartGrace and answers 503 for keys that it cannot look up, because an
// unready router would also fail the tenants that it could serve.
package app
