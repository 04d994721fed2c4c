// Package seed makes tenants through the platform's public interfaces, and writes down
// what a load test needs of them.
//
// The control plane imports them in one stream; with projects, each then gets a
// workspace and projects through a router, with its owner's key. A key is told once,
// so every one is written to a journal (the file's name with .journal) as soon as it is
// known, and a tenant to the file when it is whole.
//
// Seeding again goes on: tenants in the file are left alone, those in the journal are
// completed, under idempotency keys of their own, and tenants whose keys were lost
// between the control plane and the journal are replaced by others.
package seed
