// Package lookup is the router's way to the directory: single keys and runs of
// the change log over HTTP, and whole snapshots, from the control plane or from
// the router's own disk.
package lookup
