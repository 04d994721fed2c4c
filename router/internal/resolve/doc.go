// Package resolve finds the key that leads from a request to its tenant. It is
// pure and allocates nothing for a request that resolves.
//
// In this order: a custom domain or {slug}.<domain> from the Host header; on the
// API host, the tenant id inside the API key. X-Tenant-ID from a client never
// decides: it must agree with what was resolved.
package resolve
