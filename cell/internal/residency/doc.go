// Package residency is a tenant's life in the cell: how it arrives, opens and
// leaves, and what keeps a forgotten freeze from stopping it for ever.
//
// The states and who may change them stand in package citus; the control plane
// decides when, the cell's own timer ends freezes ([Expiry]).
package residency
