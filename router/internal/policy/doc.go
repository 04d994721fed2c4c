// Package policy decides what may be asked for and what is added to it: whether
// a tenant is served at all, the class of a route, the limits of a plan, CORS,
// API versions, header rules. It is pure: the proxy acts on its answers.
//
// # Where policy comes from
//
// What differs from tenant to tenant is data: its state, its plan's name and
// its [directory.EdgePolicy] arrive with its directory entry. What is the same
// for all is in [Rules], one JSON document that is read at start and whenever
// it changes: what each plan allows, how routes are classed, which API versions
// exist. A million tenants add nothing to it.
package policy
