// Package tenantcache is what a router knows of the directory: a bounded,
// sharded LRU of tenants, found by id, slug or domain, and the cells they name.
//
// # Invariants
//
// For one tenant, an older directory version never replaces a newer one, and a
// change that a feed delivers while a fetch is under way is not undone by it. No lock is held across a remote call: a miss is fetched once however many
// requests wait for it, and each waits no longer than its own context.
//
// # Authority
//
// The cache may be arbitrarily stale. The directory says where a tenant should
// be, the cell's fence whether it may be served there; so entries have no
// expiry and are served for as long as nobody says anything newer. Only "no
// such tenant" expires by itself, since a sign-up should not wait for a feed.
package tenantcache
