// Package tenantcache is what a router knows of the directory: tenants, found by
// id, slug or domain, and the cells they name. Full mode keeps the whole
// directory in a compact table, LRU mode those tenants in use, bounded by bytes.
//
//	           ┌─ known ──────────────────────────────▶ served
//	Get ───────┤  └─ LRU mode, old, no feed ─▶ served, asked for behind
//	           ├─ known to be missing (NegativeTTL) ──▶ served
//	           └─ unknown ─▶ Resolve: one fetch a key, so many at once
//
// # Invariants
//
// For one tenant, an older directory version never replaces a newer one, and a
// change that a feed or a snapshot delivers while a fetch is under way is not
// undone by it. A tenant is known under all its keys or under none; a key that
// changed hands leads to the newer tenant.
//
// Whoever the directory, asked by slug or id, no longer knows is gone here, too,
// if that answer is newer than what was known.
//
// No lock is held across a remote call: a miss is fetched once however many
// requests wait for it, and each waits no longer than its own context. A writer
// keeps readers waiting for microseconds, whatever grows meanwhile.
//
// # Authority
//
// The cache may be arbitrarily stale. The directory says where a tenant should
// be, the cell's fence whether it may be served there; so entries have no
// expiry and are served for as long as nobody says anything newer. Only "no
// such tenant" expires by itself, since a sign-up should not wait for a feed.
package tenantcache
