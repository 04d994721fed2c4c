// Package lookup is the router's way to the directory: keys and runs of the
// change log over HTTP, and whole snapshots, which pass through the router's own
// disk on their way to the cache.
//
//	control plane ──lookups──▶ batches ──▶ cache
//	control plane ─snapshot─▶ file ─check─▶ rename ─▶ cache
//	                                          ▲          │
//	                                          └── Save ──┘
//
// # Invariant
//
// The file at the snapshot's path is whole whenever it exists: it is put there
// by rename only, after it was written, synced and, if it came from elsewhere,
// checked. The cache is given nothing of a file that did not pass its check.
package lookup
