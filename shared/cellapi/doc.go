// Package cellapi is the contract at a cell's doors: what the router sends with
// a tenant's request, what the cell answers when it may not serve it, and how
// both, and the control plane, prove who they are.
//
// # Trust
//
// A cell serves only requests that carry a signature made with its own key: the
// edge key at the tenant-facing door, the control key at the internal one. Both
// are derived from a master key per cell ([DeriveKey]), so what one cell knows
// opens no other. The signature covers everything the cell believes of a
// request without asking its database; it does not cover the body, which
// streams.
package cellapi
