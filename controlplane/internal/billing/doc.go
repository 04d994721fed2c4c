// Package billing keeps tenants' billing in step with Stripe: what they subscribe
// to, how they stand with their bills, and what they used.
//
// # Who is authoritative
//
// Stripe, for everything about money: an account here is derived from Stripe's
// current state and from the time ([Derive]), by nothing else. So it does not
// matter which events arrived, in which order, how often, or late: an event only
// says that a customer is to be looked at ([Inbox]), and looking is one function,
// sync(customer) ([Syncer]). Lost events are found in Stripe's own list of them
// ([Reconciler]), and a day after its last sync an account is looked at anyway.
//
// The directory, for what is served: a sync changes plan and access of the
// tenant in the transaction that changes its account. Routers and cells follow
// the directory, and go on with what they know while this package, Stripe or the
// whole control plane is down.
//
// The cells, for what was used: their records have numbers, and the ledger adds
// each once ([Collector]).
//
// # How a tenant's plan follows
//
// A tenant that never subscribed keeps the plan that its sign-up or an operator
// gave it. From its first subscription on, its plan is what it subscribes to,
// and the catalogue's default plan when that has ended. A plan of another tier
// than the tenant's cell waits until the tenant has been migrated (Blocked).
//
// What a tenant subscribes to ends when the tenant does: whatever runs at Stripe
// and may not run any more is cancelled by the sync that sees it, before it
// derives anything (Syncer.farewell).
//
// # Usage, exactly once
//
//	cell's records ──(tenant, epoch, sequence)──▶ totals ──cut──▶ event, pending ──▶ Stripe ──▶ event, sent
//
// Invariant: quantity of a total = its events + what was waived + the rest that
// is not yet cut. Every arrow is one transaction or a request that may be
// repeated: an event keeps its identifier, which Stripe takes once within a day.
// One whose outcome has been unknown for longer is not sent on a guess: Stripe's
// sum of the event's own minute says whether it has arrived. A crash anywhere
// leaves an event pending, or a total not cut, and the next run goes on.
//
// Usage while nothing is billed is waived, in the ledger, not forgotten. Usage
// counts to the moment at which it is cut, some minutes after it happened, so
// that none falls into a period whose invoice is closed.
//
// Where a cell and the directory disagree about who has a tenant, nobody is
// asked: the cell that the directory names has all the tenant's records, also
// those of earlier epochs, which moved with it.
package billing
