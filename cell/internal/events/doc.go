// Package events lets followers see a tenant's changes as they happen.
//
// # Source and order
//
// The events are the rows of the audit log, which each mutation writes in its
// own transaction, in the order of the chain over it (package chain). Ids made
// by writers would not do: a row with a smaller id may commit after a larger one
// was sent, and be skipped. Places in the chain are given after the commit, by
// one sealer whose transactions take them one by one without gaps, so a snapshot
// that shows place n shows every place before it, for ever. A follower that asks
// for what is behind n skips nothing and gets nothing twice.
//
// A cursor is such a place. The chain is rows of the tenant and moves with it, so a cursor
// goes on in the next cell; transaction ids or log positions would not.
//
// # How a follower learns of more
//
//	writer ──commit──▶ audit_logs ──sealer, every second──▶ audit_chain ──NOTIFY──▶ Hub ──wakes──▶ followers, each reads behind its own place
//
// The [Hub] holds no events, so nothing grows with a follower's slowness: it only knows which tenants
// are followed and how far their chains go. A follower reads with its own call, so fence,
// credential and rights are judged in the snapshot that answers; without news
// it reads every few seconds for that alone. NOTIFY may be lost with its
// connection: the hub also asks, every second and for all followed tenants in
// one query.
//
// # Bounds
//
// Followers per tenant and per process are counted, and refused above that. One
// that takes nothing for ten seconds is cut by its transport; it goes on from its last
// cursor. Nobody follows for longer than [Longest]: then the
// credential is shown, and verified, anew.
package events
