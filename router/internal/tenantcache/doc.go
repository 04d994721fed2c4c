// Package tenantcache is what a router knows of the directory: a bounded,
// sharded LRU from keys (slug, domain, id) to tenants, and the cells they name.
//
// # Invariants
//
// For one key, an entry of an older directory version never replaces a newer
// one. No lock is held across a remote call: a miss is fetched once however many
// requests wait for it, and each waits no longer than its own context.
//
// # Authority
//
// The cache may be arbitrarily stale. The directory says where a tenant should
// be, the cell's fence whether it may be served there; so entries have no
// expiry and are served for as long as nobody says anything newer. Only "no
// such tenant" expires by itself, since a sign-up should not wait for a feed.
package tenantcache
