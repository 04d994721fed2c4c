// Package plans is the contract of what is offered: one YAML document that says
// of each plan what it costs, what is metered, which features it entitles to and
// how much a tenant of it may ask for.
//
// # One source of truth
//
// The control plane reads prices, meters, coupons, tiers and entitlements from
// it and makes Stripe equal to it; routers read the limits of the same document.
// Nobody else writes a plan down. A tenant's entry in the directory names its
// plan, so a change of plan is a change of the directory and reaches routers and
// cells as such; what the plan's name means changes with the document.
//
// # Mistakes
//
// A field that nobody knows is a mistake: a price or limit that is misspelled
// would be none. Every mistake is told at once, each as a [Mistake] with its line
// and field.
package plans
