// Package citus keeps a cell's tenants in Postgres, distributed by tenant when
// the server offers Citus. All SQL of the cell is here.
//
// # Authority
//
// The row in tenants is the only authority on whether this cell may serve a
// tenant. Its states and their changes:
//
//	(absent) ──Prepare──▶ importing ──Activate──▶ live ──Freeze(n)──▶ frozen ──Seal(n)──▶ sealed ──Depart──▶ departed
//	                                               ▲                     │
//	                                               └── Thaw(n), ExpireFreezes ──┘
//
// # Invariant
//
// No statement reads or writes a tenant's rows unless the fence let it pass in
// the same transaction: a read in the same snapshot ([Store.read]), a write
// under its tenant's lock in share mode (writers.go). Whoever closes the fence
// waits for the writers in flight and stops new ones.
//
// # Round trips
//
// A read is one (begin, tenant, fence, query, commit in one pipeline), a write
// two: the pipeline, then the commit, once the fence's answer is known. So is a
// write with an Idempotency-Key: its answer travels with the commit, and a
// repeated request finds the answer in the pipeline (idempotency.go). Every
// statement goes out unnamed, so PgBouncer in transaction mode may stand
// between. A connection that idled for over a second is pinged first.
//
// # Citus
//
// Requests go to the coordinator, which passes each on to the one worker with the
// tenant's shards. What must be read in one snapshot, or next to the log, is read
// from that worker itself, by the names of the shards (home.go).
//
// # Three doors
//
// [Store] acts for one tenant at a time with the role cell_app; [Relay] sees
// jobs of all tenants with cell_relay; [Mover] lets tenants arrive, freeze and
// leave with cell_mover. None of the roles owns a table. Only the mover bypasses
// row-level security, without which COPY is refused to it, and may replicate.
package citus
